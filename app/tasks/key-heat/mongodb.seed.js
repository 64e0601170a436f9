db.votes.insertMany([
  { _id: "Ada 0", candidate: "Ada", votes: 3 }, { _id: "Ada 1", candidate: "Ada", votes: 1 },
  { _id: "Ada 2", candidate: "Ada", votes: 0 }, { _id: "Ada 3", candidate: "Ada", votes: 4 }, { _id: "Bob 0", candidate: "Bob", votes: 50 },
])
