"""Artists, albums, tracks and plays."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.datasets import Part
from app.datasets import Dataset, pick

ARTISTS = (
    ("The Lanterns", "folk"),
    ("Northbound", "rock"),
    ("Blue Harbour", "jazz"),
    ("Velvet Static", "electronic"),
    ("Ivory Trio", "jazz"),
    ("Paper Boats", "folk"),
    ("Granite Sky", "rock"),
    ("Nightshift", "electronic"),
)
FIRST = ("Silver", "Broken", "Distant", "Quiet", "Golden", "Electric", "Hollow", "Summer")
SECOND = ("River", "Mirror", "Window", "Garden", "Engine", "Shadow", "Letter", "Season")
LISTENERS = ("Ada", "Grace", "Alan", "Radia", "Ken", "Sophie")
START = datetime(2026, 2, 1, 6, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Artist:
    id: int
    name: str
    genre: str


@dataclass(frozen=True, slots=True)
class Track:
    id: int
    place: int
    title: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Album:
    id: int
    artist: Artist
    title: str
    year: int
    tracks: list[Track]


@dataclass(frozen=True, slots=True)
class Play:
    listener: str
    track: Track
    at: datetime


@dataclass(frozen=True, slots=True)
class Music:
    artists: list[Artist]
    albums: list[Album]
    plays: list[Play]


def facts(scale: int) -> Music:
    artists = [_artist(number) for number in range(1, len(ARTISTS) * scale + 1)]
    albums = [_album(number, artists) for number in range(1, 2 * len(artists) + 1)]
    tracks = [track for album in albums for track in album.tracks]
    plays = [
        Play(
            LISTENERS[pick("listener", n, len(LISTENERS))],
            tracks[pick("played", n, len(tracks))],
            START + timedelta(minutes=n * 37),
        )
        for n in range(1, 160 * scale + 1)
    ]
    return Music(artists, albums, plays)


def _artist(number: int) -> Artist:
    name, genre = ARTISTS[(number - 1) % len(ARTISTS)]
    return Artist(number, name if number <= len(ARTISTS) else f"{name} {(number - 1) // len(ARTISTS) + 1}", genre)


def _title(what: str, number: int) -> str:
    return f"{FIRST[pick('first' + what, number, len(FIRST))]} {SECOND[pick('second' + what, number, len(SECOND))]}"


def _album(number: int, artists: list[Artist]) -> Album:
    artist = artists[(number - 1) // 2]
    tracks = [
        Track(
            number * 10 + place,
            place,
            _title("track", number * 10 + place),
            120 + pick("seconds", number * 10 + place, 240),
        )
        for place in range(1, 4 + pick("tracks", number, 3))
    ]
    return Album(number, artist, _title("album", number), 2005 + pick("year", number, 20), tracks)


def tables(music: Music) -> tuple[Part, ...]:
    return (
        Part("artists", [(a.id, a.name, a.genre) for a in music.artists], ("id", "name", "genre")),
        Part(
            "albums", [(a.id, a.artist.id, a.title, a.year) for a in music.albums], ("id", "artist_id", "title", "year")
        ),
        Part(
            "tracks",
            [(t.id, a.id, t.place, t.title, t.seconds) for a in music.albums for t in a.tracks],
            ("id", "album_id", "place", "title", "seconds"),
        ),
        Part(
            "plays",
            [(n, p.listener, p.track.id, p.at) for n, p in enumerate(music.plays, 1)],
            ("id", "listener", "track_id", "at"),
        ),
    )


def documents(music: Music) -> tuple[Part, ...]:
    albums = [
        {
            "_id": a.id,
            "title": a.title,
            "year": a.year,
            "artist": {"id": a.artist.id, "name": a.artist.name, "genre": a.artist.genre},
            "tracks": [{"id": t.id, "title": t.title, "seconds": t.seconds} for t in a.tracks],
        }
        for a in music.albums
    ]
    plays = [{"listener": p.listener, "track": p.track.id, "title": p.track.title, "at": p.at} for p in music.plays]
    return (Part("albums", albums), Part("plays", plays))


def keys(music: Music) -> tuple[Part, ...]:
    commands: list[list[object]] = []
    for artist in music.artists:
        commands += [
            ["HSET", f"artist:{artist.id}", "name", artist.name, "genre", artist.genre],
            ["SADD", f"genre:{artist.genre}", artist.id],
        ]
    for album in music.albums:
        commands += [
            ["HSET", f"album:{album.id}", "title", album.title, "artist", album.artist.id, "year", album.year],
            ["ZADD", "albums:by-year", album.year, album.id],
            ["RPUSH", f"album:{album.id}:tracks", *(t.title for t in album.tracks)],
        ]
    for play in music.plays:
        at = int(play.at.timestamp())
        commands += [
            ["ZINCRBY", "plays", 1, play.track.title],
            ["XADD", f"played:{play.listener}", f"{at}000-0", "title", play.track.title],
        ]
    return (Part("keys", commands),)


def items(music: Music) -> tuple[Part, ...]:
    found: list[dict[str, object]] = [
        {"pk": f"ARTIST#{artist.id}", "sk": "PROFILE", "name": artist.name, "genre": artist.genre}
        for artist in music.artists
    ]
    for album in music.albums:
        found.append(
            {
                "pk": f"ARTIST#{album.artist.id}",
                "sk": f"ALBUM#{album.year}#{album.id}",
                "title": album.title,
                "year": album.year,
            }
        )
        found += [
            {"pk": f"ALBUM#{album.id}", "sk": f"TRACK#{t.place:02}", "title": t.title, "seconds": t.seconds}
            for t in album.tracks
        ]
    found += [
        {
            "pk": f"LISTENER#{p.listener}",
            "sk": f"PLAY#{p.at:%Y-%m-%dT%H:%M:%SZ}",
            "track": p.track.id,
            "title": p.track.title,
        }
        for p in music.plays
    ]
    return (Part("music", found),)


DATASET = Dataset(
    slug="music",
    title="Music",
    about="Artists make albums of tracks, and listeners play them.",
    facts=facts,
    shapes={"postgres": tables, "mongodb": documents, "redis": keys, "dynamodb": items},
    mapping={
        "postgres": (
            ("artists, albums, tracks", "each refers to the one above it"),
            ("plays", "who played which track, and when"),
        ),
        "mongodb": (
            ("albums", "the artist and the tracks are inside the album: one read shows an album's page"),
            ("plays", "a collection that only grows; the title is copied in"),
        ),
        "redis": (
            ("artist:{id}, album:{id}", "a hash per thing"),
            ("album:{id}:tracks", "a list: the order of the tracks is the order of the list"),
            ("genre:{name}, albums:by-year", "our own indexes"),
            ("plays", "a sorted set that counts plays by title"),
            ("played:{listener}", "a stream: what was played, in order"),
        ),
        "dynamodb": (
            ("ARTIST#{id} / PROFILE, ALBUM#{year}#{id}", "an artist with the albums, by year"),
            ("ALBUM#{id} / TRACK#{place}", "the tracks of an album, in order"),
            ("LISTENER#{name} / PLAY#{time}", "what someone played, in the order of time"),
        ),
    },
)
