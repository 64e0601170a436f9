// 50 views of 5 pages: each to PostgreSQL, then by way of Redis.
await pg.query("DROP TABLE IF EXISTS behind_views");
await pg.query("CREATE TABLE behind_views (page text PRIMARY KEY, views int NOT NULL DEFAULT 0)");
await pg.query("INSERT INTO behind_views SELECT 'page ' || n FROM generate_series(0, 4) n");
await redis.del("behind:views", "behind:flushing");

const views = Array.from({ length: 50 }, (_, n) => `page ${n % 5}`);

const direct = await measure("50 writes to PostgreSQL", async () => {
  for (const page of views) await pg.query("UPDATE behind_views SET views = views + 1 WHERE page = $1", [page]);
});

async function flush() {
  await redis.rename("behind:views", "behind:flushing");
  const gathered = Object.entries(await redis.hgetall("behind:flushing"));
  await pg.query(
    `UPDATE behind_views v SET views = v.views + more.n
     FROM unnest($1::text[], $2::int[]) AS more(page, n) WHERE v.page = more.page`,
    [gathered.map(([page]) => page), gathered.map(([, n]) => n)],
  );
  await redis.del("behind:flushing");
}

const behind = await measure("50 writes behind", async () => {
  for (const page of views) await redis.hincrby("behind:views", page, 1);
  await flush();
});

const { rows } = await pg.query("SELECT sum(views) AS n FROM behind_views");
print(`counted in all: ${rows[0].n}`);
print(`direct: 50 statements to PostgreSQL, ${direct.ms.toFixed(0)} ms`);
print(`behind:  1 statement to PostgreSQL, ${behind.ms.toFixed(0)} ms`);
