CREATE TABLE posts (id serial PRIMARY KEY, user_id int NOT NULL, title text NOT NULL);
INSERT INTO posts (user_id, title) VALUES (1, 'Hello from PostgreSQL');
