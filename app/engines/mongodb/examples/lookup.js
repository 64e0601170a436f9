db.authors.drop()
db.books.drop()

db.authors.insertMany([
  { _id: "le-guin", name: "Ursula K. Le Guin" },
  { _id: "lem", name: "Stanisław Lem" },
  { _id: "butler", name: "Octavia E. Butler" },
])

db.books.insertMany([
  { title: "The Dispossessed", author: "le-guin", year: 1974 },
  { title: "The Left Hand of Darkness", author: "le-guin", year: 1969 },
  { title: "Solaris", author: "lem", year: 1961 },
  { title: "The Cyberiad", author: "lem", year: 1965 },
  { title: "Kindred", author: "butler", year: 1979 },
])

db.authors.aggregate([
  { $lookup: { from: "books", localField: "_id", foreignField: "author", as: "books" } },
  { $project: { _id: 0, name: 1, titles: "$books.title", first: { $min: "$books.year" } } },
  { $sort: { first: 1 } },
])

// The same from the other side, with loops: it is JavaScript.
for (const book of db.books.find().sort({ year: 1 })) {
  print(book.year, book.title, "by", db.authors.findOne({ _id: book.author }).name)
}
