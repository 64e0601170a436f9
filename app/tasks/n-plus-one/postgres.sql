SELECT name FROM products WHERE id = ANY ('{3,9,17}');
