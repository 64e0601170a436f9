SELECT name, price FROM products WHERE tags @> '{gift}' AND price < 18;
