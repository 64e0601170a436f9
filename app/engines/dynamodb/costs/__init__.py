"""What a call costs, and what a sandbox or a table may use."""
