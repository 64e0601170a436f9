SELECT p.name, l.quantity
FROM lines AS l
JOIN products AS p ON p.id = l.product_id
WHERE l.order_id = 3;
