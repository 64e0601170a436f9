CREATE INDEX ON orders (user_id, placed);
CREATE INDEX ON lines (product_id);
ANALYZE;
