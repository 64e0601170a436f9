db.products.findOneAndUpdate(
  { _id: 17 },
  [{ $set: { price: { $max: [{ $subtract: ["$price", 10] }, 30] } } }],
  { returnDocument: "after", projection: { _id: 0, price: 1 } },
)
