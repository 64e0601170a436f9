db.stations.aggregate([
  { $geoNear: { near: { type: "Point", coordinates: [13.4, 52.5] }, distanceField: "metres", maxDistance: 5000 } },
  { $project: { _id: 1 } },
])
