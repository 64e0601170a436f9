for (const page of ["home", "about"]) {
  db.visits.updateOne({ _id: page }, { $inc: { visits: 1 } }, { upsert: true })
}

db.visits.find().sort({ _id: 1 })
