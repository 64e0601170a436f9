CREATE TABLE people (
    id   int PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE follows (
    follower_id int NOT NULL REFERENCES people,
    followed_id int NOT NULL REFERENCES people,
    PRIMARY KEY (follower_id, followed_id),
    CHECK (follower_id <> followed_id)
);

CREATE TABLE posts (
    id        int PRIMARY KEY,
    author_id int NOT NULL REFERENCES people,
    at        timestamptz NOT NULL,
    topic     text NOT NULL,
    text      text NOT NULL
);

CREATE TABLE likes (
    post_id   int NOT NULL REFERENCES posts,
    person_id int NOT NULL REFERENCES people,
    PRIMARY KEY (post_id, person_id)
);
