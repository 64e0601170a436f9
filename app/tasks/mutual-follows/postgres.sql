SELECT there.followed_id AS id
FROM follows AS there
JOIN follows AS back ON back.follower_id = there.followed_id AND back.followed_id = there.follower_id
WHERE there.follower_id = 19;
