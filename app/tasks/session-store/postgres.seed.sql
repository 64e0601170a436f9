CREATE TABLE sessions (id text PRIMARY KEY, data jsonb NOT NULL);
INSERT INTO sessions VALUES ('s1', '{"user": "Ada", "cart": {}}');
