"""A small shop for tea and writing things."""
