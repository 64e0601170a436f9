CREATE INDEX ON products (category, price);
VACUUM products;

SELECT min(price) AS price
FROM products
WHERE category IN ('books', 'games')
GROUP BY category
ORDER BY category;
