CREATE TABLE measures (id int PRIMARY KEY, value int NOT NULL);
