"""SQL as Redis commands, as far as the dataset's key patterns answer it."""
