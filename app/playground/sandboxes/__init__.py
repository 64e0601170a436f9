"""Whose sandbox is where, and which process works with it."""
