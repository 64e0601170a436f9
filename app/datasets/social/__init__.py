"""People who follow each other, write posts and like them."""
