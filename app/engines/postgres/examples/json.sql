DROP TABLE IF EXISTS orders;

CREATE TABLE orders (
    id  int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    doc jsonb NOT NULL
);

INSERT INTO orders (doc) VALUES
    ('{"customer": "Ada", "paid": true, "items": [{"sku": "tea", "qty": 2, "price": 4.5}, {"sku": "cup", "qty": 1, "price": 12}]}'),
    ('{"customer": "Linus", "paid": false, "items": [{"sku": "tea", "qty": 5, "price": 4.5}]}'),
    ('{"customer": "Grace", "paid": true, "items": [], "note": {"gift": true}}');

CREATE INDEX ON orders USING gin (doc jsonb_path_ops);

-- Containment: documents that have at least this in them. The index above can answer it.
SELECT id, doc ->> 'customer' AS customer FROM orders WHERE doc @> '{"items": [{"sku": "tea"}]}';

-- Items as rows, and sums over them.
SELECT o.doc ->> 'customer' AS customer, sum(item.qty * item.price) AS total, jsonb_agg(item.sku) AS skus
FROM orders AS o,
     jsonb_to_recordset(o.doc -> 'items') AS item (sku text, qty int, price numeric)
GROUP BY o.id
ORDER BY total DESC;

-- The SQL standard's own form, and a path that filters.
SELECT t.* FROM orders,
     JSON_TABLE(doc, '$.items[*] ? (@.qty > 1)' COLUMNS (sku text PATH '$.sku', qty int PATH '$.qty')) AS t;
