CREATE UNLOGGED TABLE cache (key text PRIMARY KEY, value text NOT NULL, until timestamptz NOT NULL);
