db.staff.insertMany([
  { _id: "Ada" }, { _id: "Grace", boss: "Ada" }, { _id: "Alan", boss: "Grace" }, { _id: "Linus", boss: "Grace" },
  { _id: "Ken", boss: "Alan" }, { _id: "Tim", boss: "Ken" }, { _id: "Hedy", boss: "Ada" },
])
