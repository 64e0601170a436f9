db.products.find({ tags: "gift", price: { $lt: 16 } }, { _id: 0, name: 1, price: 1 })
