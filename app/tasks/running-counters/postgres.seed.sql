CREATE TABLE totals (day date PRIMARY KEY, sales int NOT NULL, amount numeric NOT NULL);
INSERT INTO totals VALUES ('2026-05-01', 0, 0);
