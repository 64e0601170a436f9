db.orders.find({ "user.id": 5 }, { total: 1 }).sort({ placed: -1 }).limit(3)
