UPDATE ledger SET total = total + 0.2 WHERE id = 1 RETURNING total;
