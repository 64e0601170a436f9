db.goods.insertOne({ _id: 1, price: 10 })
db.cachedGoods.insertOne({ _id: 1, price: 10 })
