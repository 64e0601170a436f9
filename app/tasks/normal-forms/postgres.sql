UPDATE people SET city = 'Oslo' WHERE id = 2;

SELECT o.id AS order_id, p.city
FROM purchases AS o
JOIN people AS p ON p.id = o.person_id
WHERE p.id = 2
ORDER BY o.id;
