"""The ui role: it owns the database and serves the pages and the API."""
