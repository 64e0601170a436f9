"""Two connections in a script's order, step by step."""
