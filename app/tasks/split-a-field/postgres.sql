UPDATE authors SET first = split_part(name, ' ', 1), last = split_part(name, ' ', 2);

SELECT first, last FROM authors;
