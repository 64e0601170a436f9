"""What is done without a visitor: dropping, parking, forgetting."""
