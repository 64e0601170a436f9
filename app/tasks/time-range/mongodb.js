db.readings.find(
  { "device.id": 3, at: { $gte: ISODate("2026-04-01T10:00:00Z"), $lte: ISODate("2026-04-01T12:00:00Z") } },
  { _id: 0, celsius: 1 },
).sort({ at: 1 })
