SELECT name, price FROM products WHERE id = 17;
