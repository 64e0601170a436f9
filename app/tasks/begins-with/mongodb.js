db.words.find({ _id: /^Po/ }).sort({ _id: 1 })
