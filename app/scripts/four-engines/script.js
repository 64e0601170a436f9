// One record in all four engines.
const user = { id: 7, name: "Ada" };

await pg.query("CREATE TABLE IF NOT EXISTS four_users (id int PRIMARY KEY, name text)");
await pg.query("INSERT INTO four_users VALUES ($1, $2) ON CONFLICT DO NOTHING", [user.id, user.name]);
await mongo.db.four_users.updateOne({ _id: user.id }, { $set: { name: user.name } }, { upsert: true });
await redis.hset("four:user:7", user);
await dynamo.createTable({
  TableName: "four_users",
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "N" }],
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  BillingMode: "PAY_PER_REQUEST",
}).catch((error) => print("DynamoDB:", error.code)); // it is there already, from the run before
await dynamo.putItem({ TableName: "four_users", Item: marshall(user) });

const reads = [
  () => pg.query("SELECT * FROM four_users WHERE id = $1", [7]),
  () => mongo.db.four_users.findOne({ _id: 7 }),
  () => redis.hgetall("four:user:7"),
  () => dynamo.getItem({ TableName: "four_users", Key: marshall({ id: 7 }) }),
];

const inTurn = await measure("in turn", async () => {
  for (const read of reads) await read();
});
const atOnce = await measure("at once", () => Promise.all(reads.map((read) => read())));

const [rows, document, hash, item] = atOnce.value;
print(rows.rows[0], document, hash, unmarshall(item.Item));
print(`in turn ${inTurn.ms.toFixed(1)} ms, at once ${atOnce.ms.toFixed(1)} ms`);
