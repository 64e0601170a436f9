SELECT listener, count(*) AS plays
FROM plays
GROUP BY listener
HAVING count(*) > 26;
