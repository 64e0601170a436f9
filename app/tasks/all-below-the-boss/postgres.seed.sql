CREATE TABLE staff (name text PRIMARY KEY, boss text REFERENCES staff);
INSERT INTO staff VALUES ('Ada', NULL), ('Grace', 'Ada'), ('Alan', 'Grace'), ('Linus', 'Grace'), ('Ken', 'Alan'), ('Tim', 'Ken'), ('Hedy', 'Ada');
