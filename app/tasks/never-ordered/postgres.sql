SELECT u.name
FROM users AS u
WHERE NOT EXISTS (SELECT FROM orders AS o WHERE o.user_id = u.id);
