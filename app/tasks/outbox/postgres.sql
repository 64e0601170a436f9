UPDATE orders SET state = 'paid' WHERE id = 7;

SELECT order_id, event FROM outbox ORDER BY id;
