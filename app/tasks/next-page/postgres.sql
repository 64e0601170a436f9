SELECT name, price
FROM products
WHERE category = 'tea' AND price > 18.25
ORDER BY price
LIMIT 2;
