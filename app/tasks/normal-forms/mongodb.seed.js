db.people.insertMany([{ _id: 1, name: "Ada", city: "Rome" }, { _id: 2, name: "Grace", city: "Rome" }])
db.purchases.insertMany([{ _id: 10, person: 1 }, { _id: 11, person: 2 }, { _id: 12, person: 2 }])
