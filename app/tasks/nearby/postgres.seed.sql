CREATE TABLE stations (name text PRIMARY KEY, longitude float NOT NULL, latitude float NOT NULL);
INSERT INTO stations VALUES ('Alexanderplatz', 13.4132, 52.5219), ('Zoo', 13.3325, 52.5072), ('Wannsee', 13.1793, 52.4214);
