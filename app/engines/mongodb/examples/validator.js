db.members.drop()

db.createCollection("members", {
  validator: {
    $jsonSchema: {
      bsonType: "object",
      required: ["name", "email"],
      properties: {
        name: { bsonType: "string" },
        email: { bsonType: "string", pattern: "@" },
        age: { bsonType: "int", minimum: 18 },
      },
    },
  },
})

db.members.insertOne({ name: "Ada", email: "ada@example.com", age: 36 })

// Too young, and without an address: the server refuses it. Nothing after this line runs.
db.members.insertOne({ name: "Tim", age: 12 })
