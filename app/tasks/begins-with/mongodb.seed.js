db.words.insertMany(["Pencil", "Postcard", "Pot", "Pocket atlas", "Purse", "Teapot"].map((word) => ({ _id: word })))
