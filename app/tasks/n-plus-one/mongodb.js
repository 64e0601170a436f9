db.products.find({ _id: { $in: [3, 9, 17] } }, { _id: 0, name: 1 })
