CREATE TABLE visits (page text PRIMARY KEY, visits int NOT NULL);
INSERT INTO visits VALUES ('home', 3);
