-- name: seq scan
SELECT * FROM orders WHERE customer_id = 42
-- name: index scan
SELECT * FROM orders WHERE id = 42
-- name: index only scan
SELECT count(*) FROM orders WHERE id < 1000
-- name: bitmap and or
SELECT * FROM orders WHERE (placed_at = '2024-03-01' AND total < 100) OR total = 5
-- name: gin
SELECT * FROM orders WHERE tags @> ARRAY[3, 5] AND status = 'open'
-- name: tid scan
SELECT * FROM orders WHERE ctid = '(0,1)'
-- name: tid range scan
SELECT count(*) FROM orders WHERE ctid < '(5,0)'
-- name: sample scan
SELECT count(*) FROM orders TABLESAMPLE system (10)
-- name: hash join
SELECT c.city, count(*), sum(o.total) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.city ORDER BY 3 DESC LIMIT 5
-- name: merge join
SET enable_hashjoin = off; SET enable_nestloop = off; SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id
-- name: nested loop
SELECT c.name, o.total FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id BETWEEN 100 AND 200
-- name: nested loop memoize
SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id % 100 + 1
-- name: left and anti join
SELECT count(*) FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND o.status = 'open')
-- name: sort on disk
SET work_mem = '64kB'; SELECT * FROM orders ORDER BY note, total DESC
-- name: top sort
SELECT * FROM orders ORDER BY customer_id DESC LIMIT 10
-- name: incremental sort
SELECT * FROM orders ORDER BY placed_at, total LIMIT 1000
-- name: hash aggregate on disk
SET work_mem = '64kB'; SELECT id % 20000, count(*) FROM orders GROUP BY 1
-- name: grouping sets
SELECT status, placed_at, count(*) FROM orders GROUP BY ROLLUP (status, placed_at)
-- name: window
SELECT id, total, rank() OVER (PARTITION BY status ORDER BY total DESC) FROM orders WHERE placed_at < '2024-02-01'
-- name: cte
WITH recent AS MATERIALIZED (SELECT * FROM orders WHERE placed_at > '2024-06-01') SELECT a.id FROM recent a JOIN recent b ON a.id = b.id + 1 WHERE a.total > 500
-- name: recursive
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT sum(i) FROM n
-- name: init plan
SELECT count(*) FROM orders WHERE total > (SELECT avg(total) FROM orders)
-- name: sub plan
SELECT c.name, (SELECT max(o.total) FROM orders o WHERE o.id = c.id) FROM customers c WHERE c.id < 500
-- name: hashed sub plan
SELECT count(*) FROM customers WHERE id NOT IN (SELECT customer_id FROM orders WHERE status = 'open')
-- name: append partitions
SELECT count(*) FROM log WHERE day BETWEEN '2024-01-20' AND '2024-02-10'
-- name: merge append
SELECT * FROM log ORDER BY day LIMIT 20
-- name: union and except
(SELECT id FROM customers WHERE id < 100 UNION SELECT customer_id FROM orders WHERE id < 100) EXCEPT SELECT id FROM customers WHERE id < 10
-- name: values and functions
SELECT v.a, g, unnest(ARRAY[1, 2]) FROM (VALUES (1), (2)) v(a), generate_series(1, 100) g
-- name: table function since 17
SELECT * FROM json_table('[{"a": 1}]', '$[*]' COLUMNS (a int PATH '$.a'))
-- name: unique and distinct
SELECT DISTINCT ON (customer_id) customer_id, total FROM orders ORDER BY customer_id, total DESC
-- name: lock rows
SELECT * FROM customers WHERE id < 10 FOR UPDATE
-- name: insert
INSERT INTO customers SELECT 10000 + g, 'new', 'city 1', now() FROM generate_series(1, 100) g ON CONFLICT (id) DO NOTHING
-- name: update
UPDATE orders SET total = total + 1 WHERE customer_id = 42 RETURNING id
-- name: delete
DELETE FROM orders WHERE status = 'open'
-- name: merge
MERGE INTO customers c USING (SELECT DISTINCT customer_id FROM orders WHERE id < 200) o ON c.id = o.customer_id WHEN MATCHED THEN UPDATE SET city = 'moved' WHEN NOT MATCHED THEN DO NOTHING
-- name: never executed
SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id = -1
-- name: parallel
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SELECT status, count(*) FROM orders GROUP BY status
-- name: gather merge
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SELECT * FROM orders WHERE total > 10 ORDER BY note, id LIMIT 20000
-- name: parallel hash join
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.city = 'city 7'
-- name: jit
SET jit = on; SET jit_above_cost = 0; SELECT sum(total * 2) FROM orders WHERE status = 'open'
-- name: one-time filter
SELECT * FROM customers WHERE false
-- name: modifying cte
WITH gone AS (DELETE FROM orders WHERE id < 50 RETURNING *) SELECT count(*) FROM gone
-- name: correlated exists
SELECT count(*) FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND o.total > 990)
-- name: misestimate
SELECT count(*) FROM orders WHERE status = 'open' AND id % 100 = 0
