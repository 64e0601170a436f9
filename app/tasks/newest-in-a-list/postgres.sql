UPDATE recent SET pages = (array_prepend('d', pages))[1:3] WHERE name = 'Ada';

SELECT page
FROM recent, unnest(pages) WITH ORDINALITY AS t (page, place)
WHERE name = 'Ada'
ORDER BY place;
