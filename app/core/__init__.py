"""Words and rules shared by every layer: engines, results, plans, errors, limits. Plain Python."""
