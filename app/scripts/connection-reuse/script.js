// 20 small queries, on 20 connections and on one.
const QUERY = "SELECT $1::int AS n";

const each = await measure("a connection for each", async () => {
  for (let n = 0; n < 20; n++) {
    const connection = await pg.connect();
    await connection.query(QUERY, [n]);
    await connection.close();
  }
});

const one = await measure("one connection", async () => {
  const connection = await pg.connect();
  for (let n = 0; n < 20; n++) await connection.query(QUERY, [n]);
  await connection.close();
});

print(`a connection for each: ${each.connects} opened, ${each.ms.toFixed(0)} ms`);
print(`one connection:         ${one.connects} opened, ${one.ms.toFixed(0)} ms`);
print(`${(each.ms / one.ms).toFixed(1)} times as long`);
