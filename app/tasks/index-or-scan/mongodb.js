db.orders.find({ status: "new" }, { _id: 1 })
