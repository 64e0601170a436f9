INSERT INTO goods VALUES ('broken', -1);
