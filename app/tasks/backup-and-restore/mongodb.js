db.notes.aggregate([{ $out: "notesCopy" }])
db.notes.deleteOne({ _id: 2 })

db.notesCopy.aggregate([{ $merge: { into: "notes", whenMatched: "keepExisting" } }])

db.notes.find({ _id: 2 }, { _id: 0, text: 1 })
