-- What the recorded plans are about.
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, city text NOT NULL, joined date NOT NULL);
INSERT INTO customers SELECT g, 'customer ' || g, 'city ' || g % 50, date '2020-01-01' + g % 1000 FROM generate_series(1, 5000) g;
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, status text NOT NULL, total numeric NOT NULL, placed_at date NOT NULL, tags int[], note text);
INSERT INTO orders SELECT g, 1 + g % 5000, CASE WHEN g % 100 = 0 THEN 'open' ELSE 'done' END, g % 997, date '2024-01-01' + g % 365, ARRAY[g % 7, g % 11], repeat('x', 40)
FROM generate_series(1, 50000) g;
CREATE INDEX orders_placed ON orders (placed_at);
CREATE INDEX orders_total ON orders (total);
CREATE INDEX orders_tags ON orders USING gin (tags);
CREATE TABLE log (id int, day date NOT NULL, body text) PARTITION BY RANGE (day);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
INSERT INTO log SELECT g, date '2024-01-01' + g % 60, 'line ' || g FROM generate_series(1, 2000) g;
CREATE INDEX log_day ON log (day);
ANALYZE;
