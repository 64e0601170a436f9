WITH RECURSIVE reached AS (
    SELECT followed_id AS id, 1 AS steps FROM follows WHERE follower_id = 1
    UNION
    SELECT f.followed_id, r.steps + 1
    FROM reached AS r
    JOIN follows AS f ON f.follower_id = r.id
    WHERE r.steps < 2
)
SELECT DISTINCT id FROM reached WHERE id <> 1;
