CREATE TABLE jobs (id int PRIMARY KEY, name text, state text);
INSERT INTO jobs VALUES (1, 'scan', 'done'), (2, 'print', 'open'), (3, 'mail', 'done');
