db.notes.insertMany([{ _id: 1, text: "other" }, { _id: 2, text: "keep me" }])
