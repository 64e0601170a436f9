db.products.findOneAndUpdate({ _id: 9 }, { $inc: { stock: -2 } }, { returnDocument: "after", projection: { _id: 0, stock: 1 } })
