-- The three best players of week 1: sorted when it is asked, or read off an index that keeps the order.
DROP TABLE IF EXISTS scores;
CREATE TABLE scores (
    week   int,
    player text,
    points int NOT NULL,
    PRIMARY KEY (week, player)
);
CREATE INDEX scores_by_points ON scores (week, points DESC);

INSERT INTO scores VALUES
    (1, 'Ada', 120), (1, 'Linus', 95), (1, 'Grace', 180), (1, 'Alan', 60), (1, 'Edsger', 140),
    (2, 'Ada', 80), (2, 'Linus', 150);

SELECT player, points FROM scores WHERE week = 1 ORDER BY points DESC LIMIT 3;
