// 20 readers of one report that nobody has cached.
const SLOW = "SELECT count(*) AS n FROM generate_series(1, 1000), pg_sleep(0.03)";

async function naive(key) {
  const kept = await redis.get(key);
  if (kept !== null) return kept;
  const { rows } = await pg.query(SLOW);
  await redis.set(key, rows[0].n, "EX", 60);
  return rows[0].n;
}

async function withLock(key) {
  for (;;) {
    const kept = await redis.get(key);
    if (kept !== null) return kept;
    const token = String(Math.random());
    if (await redis.set(`${key}:lock`, token, "NX", "PX", 2000)) {
      const { rows } = await pg.query(SLOW);
      await redis.set(key, rows[0].n, "EX", 60);
      if ((await redis.get(`${key}:lock`)) === token) await redis.del(`${key}:lock`);
      return rows[0].n;
    }
    await sleep(25); // someone else is at it
  }
}

const readers = Array.from({ length: 20 });
await redis.del("stampede:a", "stampede:b", "stampede:b:lock");

const wild = await measure("without a lock", () => Promise.all(readers.map(() => naive("stampede:a"))));
const calm = await measure("with a lock", () => Promise.all(readers.map(() => withLock("stampede:b"))));

print(`without: ${wild.calls} calls, ${wild.ms.toFixed(0)} ms`);
print(`with:    ${calm.calls} calls, ${calm.ms.toFixed(0)} ms`);
