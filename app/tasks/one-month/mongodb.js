db.readings.find({ month: "2026-02" }, { _id: 0, value: 1 }).sort({ day: 1 })
