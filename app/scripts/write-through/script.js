// A price in PostgreSQL and in the cache.
await pg.query("DROP TABLE IF EXISTS through_products");
await pg.query("CREATE TABLE through_products (id int PRIMARY KEY, price int)");
await pg.query("INSERT INTO through_products VALUES (1, 100)");
await redis.set("through:price:1", 100, "EX", 60);

async function read(id) {
  const kept = await redis.get(`through:price:${id}`);
  if (kept !== null) return Number(kept);
  const { rows } = await pg.query("SELECT price FROM through_products WHERE id = $1", [id]);
  await redis.set(`through:price:${id}`, rows[0].price, "EX", 60);
  return rows[0].price;
}

async function writePast(id, price) {
  await pg.query("UPDATE through_products SET price = $2 WHERE id = $1", [id, price]);
}

async function writeThrough(id, price) {
  await pg.query("UPDATE through_products SET price = $2 WHERE id = $1", [id, price]);
  await redis.set(`through:price:${id}`, price, "EX", 60);
}

await measure("write past the cache", () => writePast(1, 110));
const old = await measure("read after it", () => read(1));
print(`written 110, read ${old.value}: old, until the entry expires`);

await measure("write through", () => writeThrough(1, 120));
const fresh = await measure("read after write through", () => read(1));
print(`written 120, read ${fresh.value}: new, from the cache in ${fresh.calls} call`);
