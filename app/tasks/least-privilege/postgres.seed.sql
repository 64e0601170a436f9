CREATE TABLE people (name text PRIMARY KEY);
INSERT INTO people VALUES ('Ada');
-- Your role has two more that it may become; their names begin with its own.
DO $$ BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', current_user || '_reader');
    EXECUTE format('GRANT SELECT ON people TO %I', current_user || '_reader');
END $$;
