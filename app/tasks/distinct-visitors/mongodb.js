db.visits.aggregate([{ $group: { _id: "$name" } }, { $count: "people" }])
