for (const amount of [5, 7, 8]) {
  db.totals.updateOne({ _id: "2026-05-01" }, { $inc: { sales: 1, amount: amount } }, { upsert: true })
}

db.totals.find({ _id: "2026-05-01" }, { _id: 0 })
