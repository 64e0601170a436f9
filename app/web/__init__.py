"""HTTP: pages, partials and the JSON API. Knows the use cases, and no driver."""
