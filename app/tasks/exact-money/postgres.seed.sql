CREATE TABLE ledger (id int PRIMARY KEY, total numeric NOT NULL);
INSERT INTO ledger VALUES (1, 0.1);
