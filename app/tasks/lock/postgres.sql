DELETE FROM locks WHERE name = 'report' AND until < now();
INSERT INTO locks VALUES ('report', 'w2', now() + interval '30 seconds');
