CREATE TABLE orders (id int PRIMARY KEY, state text NOT NULL);
CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id int NOT NULL, event text NOT NULL);
INSERT INTO orders VALUES (7, 'new');
CREATE FUNCTION record_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (order_id, event) VALUES (NEW.id, NEW.state);
    PERFORM pg_notify('orders', NEW.id::text);
    RETURN NEW;
END $$;
CREATE TRIGGER on_change AFTER UPDATE ON orders FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION record_event();
