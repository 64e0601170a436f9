"""SQL over a sample dataset, said in MongoDB's, DynamoDB's and Redis's words where that gives the same answer, and refused by name where not."""
