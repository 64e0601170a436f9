"""People, follows, posts and likes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.datasets import Part
from app.datasets import Dataset, pick

NAMES = [
    "Mia",
    "Noah",
    "Emma",
    "Liam",
    "Ella",
    "Finn",
    "Lena",
    "Paul",
    "Nora",
    "Otto",
    "Ida",
    "Hugo",
    "Maja",
    "Emil",
    "Alma",
    "Karl",
    "Vera",
    "Axel",
    "Rosa",
    "Erik",
]
TOPICS = ("coffee", "cycling", "chess", "cinema", "cooking")
SENTENCES = (
    "Slow brewing makes better {topic} mornings",
    "Why I stopped reading about {topic}",
    "Three things nobody tells you about {topic}",
    "Looking for people who love {topic} too",
    "My weekend of {topic} in pictures",
)
START = datetime(2026, 3, 1, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    follows: list[int]


@dataclass(frozen=True, slots=True)
class Post:
    id: int
    author: Person
    at: datetime
    topic: str
    text: str
    likes: list[int]


@dataclass(frozen=True, slots=True)
class Social:
    people: list[Person]
    posts: list[Post]


def facts(scale: int) -> Social:
    count = 20 * scale
    people = [_person(number, count) for number in range(1, count + 1)]
    return Social(people, [_post(number, people) for number in range(1, 60 * scale + 1)])


def _person(number: int, count: int) -> Person:
    name = NAMES[(number - 1) % len(NAMES)] + ("" if number <= len(NAMES) else f" {(number - 1) // len(NAMES) + 1}")
    wanted = {1 + pick(f"follow{n}", number, count) for n in range(2 + pick("follows", number, 4))}
    return Person(number, name, sorted(wanted - {number}))


def _post(number: int, people: list[Person]) -> Post:
    topic = TOPICS[pick("topic", number, len(TOPICS))]
    likes = {1 + pick(f"like{n}", number, len(people)) for n in range(pick("likes", number, 7))}
    text = SENTENCES[pick("sentence", number, len(SENTENCES))].format(topic=topic)
    author = people[pick("author", number, len(people))]
    return Post(number, author, START + timedelta(minutes=number * 97), topic, text, sorted(likes))


def tables(social: Social) -> tuple[Part, ...]:
    return (
        Part("people", [(p.id, p.name) for p in social.people], ("id", "name")),
        Part("follows", [(p.id, other) for p in social.people for other in p.follows], ("follower_id", "followed_id")),
        Part(
            "posts",
            [(p.id, p.author.id, p.at, p.topic, p.text) for p in social.posts],
            ("id", "author_id", "at", "topic", "text"),
        ),
        Part("likes", [(p.id, who) for p in social.posts for who in p.likes], ("post_id", "person_id")),
    )


def documents(social: Social) -> tuple[Part, ...]:
    posts = [
        {
            "_id": p.id,
            "author": {"id": p.author.id, "name": p.author.name},
            "at": p.at,
            "topic": p.topic,
            "text": p.text,
            "likes": p.likes,
        }
        for p in social.posts
    ]
    return (
        Part("people", [{"_id": p.id, "name": p.name, "follows": p.follows} for p in social.people]),
        Part("posts", posts),
    )


def keys(social: Social) -> tuple[Part, ...]:
    commands: list[list[object]] = []
    for person in social.people:
        commands.append(["HSET", f"person:{person.id}", "name", person.name])
        if person.follows:
            commands.append(["SADD", f"following:{person.id}", *person.follows])
        commands += [["SADD", f"followers:{other}", person.id] for other in person.follows]
    for post in social.posts:
        at = int(post.at.timestamp())
        commands += [
            ["HSET", f"post:{post.id}", "author", post.author.id, "at", at, "topic", post.topic, "text", post.text],
            ["ZADD", f"posts:{post.author.id}", at, post.id],
            ["ZADD", "posts:by-likes", len(post.likes), post.id],
        ]
        if post.likes:
            commands.append(["SADD", f"likes:{post.id}", *post.likes])
    return (Part("keys", commands),)


def items(social: Social) -> tuple[Part, ...]:
    found: list[dict[str, object]] = []
    for person in social.people:
        found.append({"pk": f"PERSON#{person.id}", "sk": "PROFILE", "name": person.name})
        found += [
            {
                "pk": f"PERSON#{person.id}",
                "sk": f"FOLLOWS#{other}",
                "gsk": f"PERSON#{other}",
                "follower": person.id,
                "followed": other,
            }
            for other in person.follows
        ]
    for post in social.posts:
        at = f"{post.at:%Y-%m-%dT%H:%M:%SZ}"
        found.append(
            {
                "pk": f"PERSON#{post.author.id}",
                "sk": f"POST#{at}",
                "post_id": post.id,
                "topic": post.topic,
                "text": post.text,
            }
            | {"like_count": len(post.likes)}
        )
        found += [
            {"pk": f"POST#{post.id}", "sk": f"LIKE#{who}", "gsk": f"LIKER#{who}", "post": post.id, "person": who}
            for who in post.likes
        ]
    return (Part("social", found),)


DATASET = Dataset(
    slug="social",
    title="Social network",
    about="People follow each other, write short posts and like them.",
    facts=facts,
    shapes={"postgres": tables, "mongodb": documents, "redis": keys, "dynamodb": items},
    mapping={
        "postgres": (
            ("people, posts", "one row each"),
            ("follows", "who follows whom: a table between people and people"),
            ("likes", "who likes what: a table between people and posts"),
        ),
        "mongodb": (
            ("people", "whom one follows is an array of numbers inside: a bounded list"),
            ("posts", "the author's name is copied in; likes are an array of numbers"),
        ),
        "redis": (
            ("person:{id}, post:{id}", "a hash per thing"),
            ("following:{id}, followers:{id}", "the same fact as two sets, one for each direction"),
            ("likes:{post}", "a set of people"),
            ("posts:{author}, posts:by-likes", "sorted sets: by time, and by likes"),
        ),
        "dynamodb": (
            (
                "PERSON#{id} / PROFILE, FOLLOWS#{other}, POST#{time}",
                "a person with everything of theirs, in one item collection",
            ),
            ("POST#{id} / LIKE#{person}", "the likes of a post"),
            ("turned (gsk, pk)", "an index that reads FOLLOWS and LIKE items the other way round"),
        ),
    },
)
