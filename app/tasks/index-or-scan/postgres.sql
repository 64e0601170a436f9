SELECT id AS order_id FROM orders WHERE status = 'new';
