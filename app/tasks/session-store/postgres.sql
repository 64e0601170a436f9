UPDATE sessions
SET data = jsonb_set(data, '{cart,pens}', to_jsonb(coalesce((data #>> '{cart,pens}')::int, 0) + 2))
WHERE id = 's1';

SELECT data ->> 'user' AS user, (data #>> '{cart,pens}')::int AS pens FROM sessions WHERE id = 's1';
