SELECT name FROM words WHERE name LIKE 'Po%' ORDER BY name;
