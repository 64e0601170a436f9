SELECT name FROM things WHERE id = 1;
SELECT name FROM things WHERE id = 2;

SELECT calls FROM pg_stat_statements WHERE query LIKE 'SELECT name FROM things WHERE id = $1%';
