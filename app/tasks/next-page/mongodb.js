db.products.find({ category: "tea", price: { $gt: 18.25 } }, { _id: 0, name: 1, price: 1 }).sort({ price: 1 }).limit(2)
