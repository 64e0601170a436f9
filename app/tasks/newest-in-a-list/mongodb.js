db.recent.updateOne({ _id: "Ada" }, { $push: { pages: { $each: ["d"], $position: 0, $slice: 3 } } })

db.recent.aggregate([{ $match: { _id: "Ada" } }, { $unwind: "$pages" }, { $project: { _id: 0, page: "$pages" } }])
