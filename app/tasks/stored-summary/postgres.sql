CREATE MATERIALIZED VIEW shipped_by_city AS
SELECT u.city, count(*) AS orders
FROM orders AS o
JOIN users AS u ON u.id = o.user_id
WHERE o.status = 'shipped'
GROUP BY u.city;

SELECT orders FROM shipped_by_city WHERE city = 'Berlin';
