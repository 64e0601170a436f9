"""JavaScript that calls the engines."""
