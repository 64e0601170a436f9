WITH totals AS (
    SELECT a.name, sum(t.seconds) AS seconds
    FROM artists AS a
    JOIN albums AS b ON b.artist_id = a.id
    JOIN tracks AS t ON t.album_id = b.id
    GROUP BY a.name
)
SELECT name, seconds
FROM totals
WHERE seconds > (SELECT avg(seconds) FROM totals);
