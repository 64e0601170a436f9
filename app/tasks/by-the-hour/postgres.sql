SELECT date_bin('12 hours', at, '2026-04-01Z') AS start, avg(celsius) AS mean
FROM readings
WHERE device_id = 1
GROUP BY start
ORDER BY start;
