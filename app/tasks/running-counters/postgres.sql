UPDATE totals SET sales = sales + 1, amount = amount + 5 WHERE day = '2026-05-01';
UPDATE totals SET sales = sales + 1, amount = amount + 7 WHERE day = '2026-05-01';
UPDATE totals SET sales = sales + 1, amount = amount + 8 WHERE day = '2026-05-01';

SELECT sales, amount FROM totals WHERE day = '2026-05-01';
