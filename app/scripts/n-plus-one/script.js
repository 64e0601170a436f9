// 30 posts, each by an author of its own.
await pg.query("DROP TABLE IF EXISTS batch_posts, batch_authors");
await pg.query("CREATE TABLE batch_authors AS SELECT n AS id, 'author ' || n AS name FROM generate_series(1, 30) n");
await pg.query("CREATE TABLE batch_posts AS SELECT n AS id, n AS author_id, 'post ' || n AS title FROM generate_series(1, 30) n");
const keys = Array.from({ length: 30 }, (_, n) => `batch:author:${n + 1}`);
await redis.mset(keys.flatMap((key, n) => [key, `author ${n + 1}`]));
await dynamo.createTable({
  TableName: "batch_authors",
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "N" }],
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  BillingMode: "PAY_PER_REQUEST",
}).catch((error) => error.code);
for (let from = 1; from <= 30; from += 15) {
  const puts = Array.from({ length: 15 }, (_, n) => ({ PutRequest: { Item: marshall({ id: from + n, name: `author ${from + n}` }) } }));
  await dynamo.batchWriteItem({ RequestItems: { batch_authors: puts } });
}

async function posts() {
  return (await pg.query("SELECT id, author_id, title FROM batch_posts ORDER BY id")).rows;
}

const ways = {
  "N+1": async () => {
    const list = await posts();
    for (const post of list) {
      post.author = (await pg.query("SELECT name FROM batch_authors WHERE id = $1", [post.author_id])).rows[0].name;
    }
    return list;
  },
  "one query for all authors": async () => {
    const list = await posts();
    const ids = list.map((post) => post.author_id);
    const { rows } = await pg.query("SELECT id, name FROM batch_authors WHERE id = ANY($1)", [ids]);
    const names = new Map(rows.map(({ id, name }) => [id, name]));
    return list.map((post) => ({ ...post, author: names.get(post.author_id) }));
  },
  join: async () =>
    (await pg.query("SELECT p.id, p.title, a.name AS author FROM batch_posts p JOIN batch_authors a ON a.id = p.author_id ORDER BY p.id")).rows,
  "30 GET": async () => {
    const names = [];
    for (const key of keys) names.push({ author: await redis.get(key) });
    return names;
  },
  MGET: async () => (await redis.mget(keys)).map((author) => ({ author })),
  "30 GetItem": async () => {
    const names = [];
    for (let id = 1; id <= 30; id++) {
      const { Item } = await dynamo.getItem({ TableName: "batch_authors", Key: marshall({ id }) });
      names.push({ author: unmarshall(Item).name });
    }
    return names;
  },
  BatchGetItem: async () => {
    const Keys = Array.from({ length: 30 }, (_, n) => marshall({ id: n + 1 }));
    const { Responses } = await dynamo.batchGetItem({ RequestItems: { batch_authors: { Keys } } });
    return Responses.batch_authors.map(unmarshall).sort((a, b) => a.id - b.id).map(({ name }) => ({ author: name }));
  },
};

for (const [name, way] of Object.entries(ways)) {
  const { value, calls, ms } = await measure(name, way);
  print(`${name}: ${calls} ${calls === 1 ? "call" : "calls"}, ${ms.toFixed(1)} ms, the last is by ${value[29].author}`);
}
