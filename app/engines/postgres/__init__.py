"""PostgreSQL: a database and a login role per sandbox, on a server started here or by URL."""
