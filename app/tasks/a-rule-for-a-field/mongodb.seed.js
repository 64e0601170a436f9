db.createCollection("goods", {
  validator: {
    $jsonSchema: {
      required: ["name", "price"],
      properties: { name: { bsonType: "string" }, price: { bsonType: "number", minimum: 0 } },
    },
  },
})
