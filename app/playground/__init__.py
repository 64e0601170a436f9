"""Use cases: sandboxes, runs, comparisons, snapshots. Plain Python that knows neither HTTP nor a driver."""
