CREATE TABLE artists (
    id    int PRIMARY KEY,
    name  text NOT NULL,
    genre text NOT NULL
);

CREATE TABLE albums (
    id        int PRIMARY KEY,
    artist_id int NOT NULL REFERENCES artists,
    title     text NOT NULL,
    year      int NOT NULL
);

CREATE TABLE tracks (
    id       int PRIMARY KEY,
    album_id int NOT NULL REFERENCES albums,
    place    int NOT NULL,
    title    text NOT NULL,
    seconds  int NOT NULL,
    UNIQUE (album_id, place)
);

CREATE TABLE plays (
    id       bigint PRIMARY KEY,
    listener text NOT NULL,
    track_id int NOT NULL REFERENCES tracks,
    at       timestamptz NOT NULL
);
