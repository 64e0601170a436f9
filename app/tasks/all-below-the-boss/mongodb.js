db.staff.aggregate([
  { $match: { _id: "Grace" } },
  { $graphLookup: { from: "staff", startWith: "$_id", connectFromField: "_id", connectToField: "boss", depthField: "steps", as: "below" } },
  { $unwind: "$below" },
  { $project: { _id: "$below._id", depth: { $add: ["$below.steps", 1] } } },
  { $sort: { depth: 1, _id: 1 } },
])
