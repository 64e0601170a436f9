CREATE TABLE jobs (id int PRIMARY KEY, job text NOT NULL, worker text);
INSERT INTO jobs VALUES (1, 'resize'), (2, 'mail');
