UPDATE notes SET body = 'mine', version = version + 1 WHERE id = 1 AND version = 1;

SELECT body, version FROM notes WHERE id = 1;
