db.products.find({ category: "books" }, { _id: 0, price: 1 }).sort({ price: 1 }).limit(1)

db.products.find({ category: "games" }, { _id: 0, price: 1 }).sort({ price: 1 }).limit(1)
