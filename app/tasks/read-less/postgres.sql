SELECT city FROM users WHERE id = 12;
