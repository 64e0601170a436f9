// get_user: Redis first, PostgreSQL on a miss.
await pg.query("DROP TABLE IF EXISTS cache_orders, cache_users");
await pg.query("CREATE TABLE cache_users AS SELECT n AS id, 'user ' || n AS name FROM generate_series(1, 1000) n");
await pg.query("CREATE TABLE cache_orders AS SELECT n AS id, n % 1000 + 1 AS user_id, n % 90 AS total FROM generate_series(1, 20000) n");
await redis.del("cache:user:7");

async function get_user(id) {
  const key = `cache:user:${id}`;
  const kept = await redis.get(key);
  if (kept !== null) return JSON.parse(kept);

  const { rows } = await pg.query(
    `SELECT u.id, u.name, count(*) AS orders, sum(o.total) AS spent
     FROM cache_users u JOIN cache_orders o ON o.user_id = u.id
     WHERE u.id = $1 GROUP BY u.id, u.name`,
    [id],
  );
  await redis.set(key, JSON.stringify(rows[0]), "EX", 60);
  return rows[0];
}

const miss = await measure("miss", () => get_user(7));
const hit = await measure("hit", () => get_user(7));

print(hit.value);
print(`miss: ${miss.calls} calls, ${miss.ms.toFixed(1)} ms`);
print(`hit:  ${hit.calls} call,  ${hit.ms.toFixed(1)} ms`);
