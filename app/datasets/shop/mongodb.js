db.users.createIndex({ email: 1 }, { unique: true })
db.products.createIndex({ category: 1, price: 1 })
db.orders.createIndex({ "user.id": 1, placed: 1 })
db.reviews.createIndex({ product: 1, user: 1 }, { unique: true })
