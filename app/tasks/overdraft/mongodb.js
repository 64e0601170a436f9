db.accounts.updateOne({ _id: "Grace" }, { $inc: { balance: -500 } })
