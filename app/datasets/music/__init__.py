"""Artists, their albums and tracks, and who played what."""
