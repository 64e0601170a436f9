ANALYZE events;

SELECT round(100 * frequency::numeric, 2) AS percent
FROM pg_stats,
     unnest(most_common_vals::text::text[], most_common_freqs) AS common (value, frequency)
WHERE tablename = 'events' AND attname = 'kind' AND value = 'error';
