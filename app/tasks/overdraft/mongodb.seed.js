db.createCollection("accounts", { validator: { balance: { $gte: 0 } } })
db.accounts.insertMany([{ _id: "Ada", balance: 100 }, { _id: "Grace", balance: 20 }])
