"""EXPLAIN, of a session or pasted, in the words that all engines share."""
