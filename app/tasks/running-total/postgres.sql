SELECT order_id, sum(total) OVER (ORDER BY placed ROWS UNBOUNDED PRECEDING) AS so_far
FROM (
    SELECT o.id AS order_id, o.placed, sum(l.quantity * l.price) AS total
    FROM orders AS o
    JOIN lines AS l ON l.order_id = o.id
    WHERE o.user_id = 5
    GROUP BY o.id
) AS totals
ORDER BY placed;
