"""Our own memory: PostgreSQL, and plain memory for tests and for the day PostgreSQL can't start."""
