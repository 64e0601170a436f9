"""How a call was executed, and the index that would spare a scan."""
