SELECT count(*) + 1 AS place
FROM players
WHERE points > (SELECT points FROM players WHERE name = 'Edsger');
