INSERT INTO calls AS c VALUES ('c1', '12:00', 1)
ON CONFLICT (client, minute) DO UPDATE SET calls = c.calls + 1;
