db.readings.aggregate([
  { $match: { "device.id": 1 } },
  { $group: { _id: { $dateTrunc: { date: "$at", unit: "hour", binSize: 12 } }, mean: { $avg: "$celsius" } } },
  { $sort: { _id: 1 } },
])
