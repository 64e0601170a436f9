db.createCollection("readings", { timeseries: { timeField: "at", metaField: "device", granularity: "hours" } })
