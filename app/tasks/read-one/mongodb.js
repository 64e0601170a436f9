db.products.findOne({ _id: 17 }, { _id: 0, name: 1, price: 1 })
