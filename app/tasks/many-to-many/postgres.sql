SELECT follower_id AS id FROM follows WHERE followed_id = 19;
