// A coffee house: each order holds its items in an array. Run it as often as you like.
db.orders.drop()

db.orders.insertMany([
  { no: 1, guest: "Ada", day: ISODate("2026-03-02"), items: [{ name: "espresso", price: 2.4, n: 2 }, { name: "croissant", price: 2.1, n: 1 }] },
  { no: 2, guest: "Linus", day: ISODate("2026-03-02"), items: [{ name: "flat white", price: 3.6, n: 1 }] },
  { no: 3, guest: "Grace", day: ISODate("2026-03-03"), items: [{ name: "espresso", price: 2.4, n: 1 }, { name: "cheesecake", price: 4.2, n: 2 }] },
  { no: 4, guest: "Ada", day: ISODate("2026-03-03"), items: [{ name: "flat white", price: 3.6, n: 2 }], toGo: true },
])

// Who had an espresso? Items lie inside the order, so no join is needed.
db.orders.find({ "items.name": "espresso" }, { _id: 0, guest: 1, day: 1 }).sort({ guest: 1 })

// What sells best: take the arrays apart, then group.
db.orders.aggregate([
  { $unwind: "$items" },
  { $group: { _id: "$items.name", sold: { $sum: "$items.n" }, revenue: { $sum: { $multiply: ["$items.price", "$items.n"] } } } },
  { $sort: { revenue: -1 } },
])
