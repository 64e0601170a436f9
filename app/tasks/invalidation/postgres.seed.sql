CREATE TABLE goods (id int PRIMARY KEY, price int NOT NULL);
CREATE TABLE cached_goods (id int PRIMARY KEY, price int NOT NULL);
INSERT INTO goods VALUES (1, 10);
INSERT INTO cached_goods VALUES (1, 10);
CREATE FUNCTION refresh_copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cached_goods SET price = NEW.price WHERE id = NEW.id;
    RETURN NEW;
END $$;
CREATE TRIGGER refresh AFTER UPDATE ON goods FOR EACH ROW EXECUTE FUNCTION refresh_copy();
