CREATE TABLE notes_copy AS TABLE notes;
DELETE FROM notes WHERE id = 2;

INSERT INTO notes SELECT * FROM notes_copy ON CONFLICT DO NOTHING;

SELECT text FROM notes WHERE id = 2;
