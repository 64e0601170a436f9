SELECT name, price
FROM products
WHERE category = 'tea' AND price > 20.5
ORDER BY price
LIMIT 2;
