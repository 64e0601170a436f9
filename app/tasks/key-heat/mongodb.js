db.votes.updateOne({ _id: "Ada 2" }, { $inc: { votes: 1 } })

db.votes.aggregate([{ $match: { candidate: "Ada" } }, { $group: { _id: null, votes: { $sum: "$votes" } } }])
