SELECT o.id AS order_id, sum(l.quantity * l.price) AS total
FROM orders AS o
JOIN lines AS l ON l.order_id = o.id
WHERE o.user_id = 5
GROUP BY o.id
ORDER BY o.placed DESC
LIMIT 3;
