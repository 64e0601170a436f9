CREATE TABLE documents (tenant text NOT NULL, title text NOT NULL);
INSERT INTO documents VALUES ('north', 'North plan'), ('south', 'South plan');
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON documents FOR SELECT USING (tenant = current_setting('app.tenant'));
-- Your role has two more that it may become; their names begin with its own.
DO $$ BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', current_user || '_reader');
    EXECUTE format('GRANT SELECT ON documents TO %I', current_user || '_reader');
END $$;
