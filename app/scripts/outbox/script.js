// Five orders; the process "crashes" at the third, between its two writes.
await pg.query("DROP TABLE IF EXISTS outbox_orders, outbox_events");
await pg.query("CREATE TABLE outbox_orders (id int PRIMARY KEY)");
await pg.query("CREATE TABLE outbox_events (id int PRIMARY KEY, body jsonb, sent boolean DEFAULT false)");
await redis.del("outbox:twice", "outbox:stream");

await measure("two writes", async () => {
  for (const id of [1, 2, 3, 4, 5]) {
    await pg.query("INSERT INTO outbox_orders VALUES ($1)", [id]);
    if (id === 3) continue; // the process ends here
    await redis.xadd("outbox:twice", "*", "order", id);
  }
});
print(`two writes: 5 orders, ${await redis.xlen("outbox:twice")} events`);

await pg.query("TRUNCATE outbox_orders");
const connection = await pg.connect(); // a transaction needs a connection of its own
await measure("outbox", async () => {
  for (const id of [1, 2, 3, 4, 5]) {
    await connection.query("BEGIN");
    await connection.query("INSERT INTO outbox_orders VALUES ($1)", [id]);
    await connection.query("INSERT INTO outbox_events VALUES ($1, $2)", [id, { order: id }]);
    await connection.query("COMMIT");
  }
});

async function relay({ crashBeforeMarking = false } = {}) {
  await connection.query("BEGIN");
  const { rows } = await connection.query(
    "SELECT id, body FROM outbox_events WHERE NOT sent ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED",
  );
  for (const { id, body } of rows) await redis.xadd("outbox:stream", "*", "event", id, "order", body.order);
  if (crashBeforeMarking) return connection.query("ROLLBACK");
  await connection.query("UPDATE outbox_events SET sent = true WHERE id = ANY($1)", [rows.map(({ id }) => id)]);
  return connection.query("COMMIT");
}

await measure("relay", async () => {
  await relay({ crashBeforeMarking: true });
  await relay();
  await relay();
});
await connection.close();

const seen = new Set();
const entries = await redis.xrange("outbox:stream", "-", "+");
for (const [, [, event]] of entries) seen.add(event);
print(`outbox: 5 orders, ${entries.length} events sent, ${seen.size} after dropping those seen before`);
