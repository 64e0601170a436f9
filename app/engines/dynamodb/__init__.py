"""DynamoDB: PartiQL and API calls against a pool of emulators, an account of its own per sandbox."""
