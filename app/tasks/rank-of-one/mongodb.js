const edsger = db.players.findOne({ _id: "Edsger" });

db.players.countDocuments({ points: { $gt: edsger.points } }) + 1
