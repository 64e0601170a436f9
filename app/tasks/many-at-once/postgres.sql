INSERT INTO measures VALUES (1, 10), (2, 20), (3, 30);

SELECT value FROM measures;
