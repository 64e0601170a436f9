db.accounts.insertMany([{ _id: "Ada", balance: 100 }, { _id: "Grace", balance: 20 }])
