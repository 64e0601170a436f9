"""The tasks and topics of `app/tasks`, and whether their solutions hold."""
