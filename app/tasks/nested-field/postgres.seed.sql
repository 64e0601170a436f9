CREATE TABLE profiles (name text PRIMARY KEY, profile jsonb NOT NULL);
INSERT INTO profiles VALUES ('Ada', '{"address": {"city": "Rome", "street": "High Street 1"}}');
