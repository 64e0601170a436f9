"""PartiQL: read, and turned into the call that DynamoDB makes of it."""
