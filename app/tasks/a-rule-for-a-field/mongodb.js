db.goods.insertOne({ name: "broken", price: -1 })
