"""SQL as PartiQL, and as Query and Scan calls where PartiQL has no words."""
