db.products.createIndex({ description: "text" })

db.products.find({ $text: { $search: "books" } }, { _id: 0, name: 1 })
