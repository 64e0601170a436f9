SELECT at, change
FROM (
    SELECT at, celsius - lag(celsius) OVER (ORDER BY at) AS change
    FROM readings
    WHERE device_id = 2 AND at >= '2026-04-01 05:00Z' AND at < '2026-04-01 09:00Z'
) AS hours
WHERE at >= '2026-04-01 06:00Z'
ORDER BY at;
