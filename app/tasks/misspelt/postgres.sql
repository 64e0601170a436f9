CREATE EXTENSION IF NOT EXISTS pg_trgm;

SELECT name
FROM products
ORDER BY similarity(name, 'Fountin pan') DESC
LIMIT 1;
