db.readings.aggregate([
  { $match: { "device.id": { $in: [1, 2, 3] } } },
  { $sort: { at: 1 } },
  { $group: { _id: "$device.id", celsius: { $last: "$celsius" } } },
  { $sort: { _id: 1 } },
])
