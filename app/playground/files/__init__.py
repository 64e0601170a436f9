"""Results as files, and files as tables."""
