"""SQL as an aggregation pipeline, and as insertOne, updateMany and deleteMany."""
