UPDATE goods SET price = 12 WHERE id = 1;

SELECT price FROM cached_goods WHERE id = 1;
