SELECT name, sold
FROM (
    SELECT p.category, p.name, sum(l.quantity) AS sold,
           row_number() OVER (PARTITION BY p.category ORDER BY sum(l.quantity) DESC, p.name) AS place
    FROM lines AS l
    JOIN orders AS o ON o.id = l.order_id
    JOIN products AS p ON p.id = l.product_id
    WHERE o.status <> 'cancelled' AND p.category IN ('books', 'games', 'paper')
    GROUP BY p.category, p.name
) AS ranked
WHERE place <= 2
ORDER BY category, place;
