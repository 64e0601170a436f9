WITH RECURSIVE below AS (
    SELECT name, 1 AS depth FROM staff WHERE boss = 'Grace'
    UNION ALL
    SELECT s.name, b.depth + 1
    FROM below AS b
    JOIN staff AS s ON s.boss = b.name
)
SELECT name, depth FROM below ORDER BY depth, name;
