SELECT name
FROM films
WHERE name <> 'Alien'
ORDER BY traits <=> (SELECT traits FROM films WHERE name = 'Alien')
LIMIT 2;
