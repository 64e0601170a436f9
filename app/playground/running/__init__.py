"""A source from the press of Run to its results."""
