SELECT celsius
FROM (
    SELECT DISTINCT ON (device_id) device_id, celsius
    FROM readings
    WHERE device_id IN (1, 2, 3)
    ORDER BY device_id, at DESC
) AS newest
ORDER BY device_id;
