-- The quick start joins users with their posts; these are the posts.
CREATE TABLE posts (
    id      serial PRIMARY KEY,
    user_id int NOT NULL,
    title   text NOT NULL
);

INSERT INTO posts (user_id, title) VALUES
    (1, 'Hello from PostgreSQL'),
    (1, 'Joins are just sets'),
    (2, 'A post whose author is not here yet');
