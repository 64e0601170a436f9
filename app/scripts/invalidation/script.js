// Ten reads after a write, with three ways to forget the old value.
await pg.query("DROP TABLE IF EXISTS inv_articles");
await pg.query("CREATE TABLE inv_articles (id int PRIMARY KEY, title text)");

async function cached(key) {
  const kept = await redis.get(key);
  if (kept !== null) return kept;
  const { rows } = await pg.query("SELECT title FROM inv_articles WHERE id = 1");
  await redis.set(key, rows[0].title, "EX", 60);
  return rows[0].title;
}

const ways = {
  "time to live": { key: async () => "inv:ttl:1", forget: async () => {} },
  "delete after the write": { key: async () => "inv:del:1", forget: () => redis.del("inv:del:1") },
  "version in the key": {
    key: async () => `inv:v${await redis.get("inv:version")}:1`,
    forget: () => redis.incr("inv:version"),
  },
};

for (const [name, { key, forget }] of Object.entries(ways)) {
  await pg.query("INSERT INTO inv_articles VALUES (1, 'old') ON CONFLICT (id) DO UPDATE SET title = 'old'");
  await redis.del("inv:ttl:1", "inv:del:1");
  await redis.incr("inv:version");
  await cached(await key()); // the cache is warm

  const { value: old, calls } = await measure(name, async () => {
    await pg.query("UPDATE inv_articles SET title = 'new' WHERE id = 1");
    await forget();
    let old = 0;
    for (let n = 0; n < 10; n++) old += (await cached(await key())) === "old";
    return old;
  });
  print(`${name}: ${old} of 10 reads old, ${calls} calls`);
}
