SELECT value
FROM readings
WHERE day >= '2026-02-01' AND day < '2026-03-01'
ORDER BY day;
