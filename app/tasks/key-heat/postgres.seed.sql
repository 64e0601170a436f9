CREATE TABLE votes (candidate text, shard int, votes int NOT NULL, PRIMARY KEY (candidate, shard));
INSERT INTO votes VALUES ('Ada', 0, 3), ('Ada', 1, 1), ('Ada', 2, 0), ('Ada', 3, 4), ('Bob', 0, 50);
