SELECT p.category, sum(l.quantity * l.price) AS revenue
FROM orders AS o
JOIN lines AS l ON l.order_id = o.id
JOIN products AS p ON p.id = l.product_id
WHERE o.status = 'shipped'
GROUP BY p.category
ORDER BY revenue DESC;
