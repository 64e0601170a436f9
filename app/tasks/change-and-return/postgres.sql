UPDATE products SET stock = stock - 2 WHERE id = 9 RETURNING stock;
