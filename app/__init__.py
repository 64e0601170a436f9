"""Sandtable: one sandbox table, four databases."""

__version__ = "0.1.0"
