const mongo = require('mongodb');

// Connect
const client = new mongo.MongoClient(uri);
const db = client.db('myapp');

// Insert
await db.collection('users').insertOne({
    name: 'John',
    email: 'john@example.com'
});

// Query
const users = await db.collection('users')
    .find({ name: 'John' })
    .toArray();


users
