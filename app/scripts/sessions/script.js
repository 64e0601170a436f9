// 20 requests, each of which reads a session and prolongs it.
const ID = "session-7";
const soon = () => Math.floor(Date.now() / 1000) + 1800;

await pg.query("DROP TABLE IF EXISTS app_sessions");
await pg.query("CREATE TABLE app_sessions (id text PRIMARY KEY, user_id int, expires_at timestamptz)");
await pg.query("INSERT INTO app_sessions VALUES ($1, 7, now() + interval '30 minutes')", [ID]);
await redis.set(`sessions:${ID}`, JSON.stringify({ user_id: 7 }), "EX", 1800);
await dynamo.createTable({
  TableName: "app_sessions",
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  BillingMode: "PAY_PER_REQUEST",
}).catch((error) => error.code);
await dynamo.putItem({ TableName: "app_sessions", Item: marshall({ id: ID, user_id: 7, expires: soon() }) });

const stores = {
  PostgreSQL: async () => {
    const { rows } = await pg.query("SELECT user_id FROM app_sessions WHERE id = $1 AND expires_at > now()", [ID]);
    await pg.query("UPDATE app_sessions SET expires_at = now() + interval '30 minutes' WHERE id = $1", [ID]);
    return rows[0].user_id;
  },
  Redis: async () => JSON.parse(await redis.getex(`sessions:${ID}`, "EX", 1800)).user_id,
  DynamoDB: async () => {
    const { Attributes } = await dynamo.updateItem({
      TableName: "app_sessions",
      Key: marshall({ id: ID }),
      UpdateExpression: "SET expires = :soon",
      ConditionExpression: "expires > :now",
      ExpressionAttributeValues: marshall({ ":soon": soon(), ":now": Math.floor(Date.now() / 1000) }),
      ReturnValues: "ALL_NEW",
    });
    return unmarshall(Attributes).user_id;
  },
};

for (const [name, request] of Object.entries(stores)) {
  const { value, calls, ms } = await measure(name, async () => {
    let user;
    for (let n = 0; n < 20; n++) user = await request();
    return user;
  });
  print(`${name}: user ${value}, ${calls / 20} call${calls > 20 ? "s" : ""} and ${(ms / 20).toFixed(2)} ms a request`);
}

// What has expired: Redis forgets it, PostgreSQL has to be told.
await pg.query("UPDATE app_sessions SET expires_at = now() - interval '1 second'");
await redis.pexpire(`sessions:${ID}`, 1);
await sleep(20);
const { rows } = await pg.query("SELECT count(*) AS n FROM app_sessions");
print(`expired: ${rows[0].n} row left in PostgreSQL, ${await redis.exists(`sessions:${ID}`)} keys in Redis`);
