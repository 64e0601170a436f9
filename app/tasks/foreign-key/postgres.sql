INSERT INTO orders (id, user_id, placed, status) VALUES (1000, 999, '2026-05-01 12:00Z', 'new');
