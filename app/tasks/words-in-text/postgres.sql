CREATE INDEX ON products USING gin (to_tsvector('english', description));

SELECT name
FROM products
WHERE to_tsvector('english', description) @@ to_tsquery('english', 'books');
