db.products.find({ tags: "gift", price: { $lt: 18 } }, { _id: 0, name: 1, price: 1 })
