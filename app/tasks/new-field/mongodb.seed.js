db.members.insertMany([{ _id: "Ada" }, { _id: "Grace", plan: "pro" }])
