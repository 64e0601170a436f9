"""Redis: a server process of its own for each sandbox."""
