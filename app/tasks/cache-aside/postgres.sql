INSERT INTO cache VALUES ('weather:rome', 'sunny', now() + interval '10 minutes')
ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until;

SELECT value AS weather FROM cache WHERE key = 'weather:rome' AND until > now();
