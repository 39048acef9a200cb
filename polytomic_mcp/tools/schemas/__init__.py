"""The tools for a connection's schemas: freshness, fields, keys and records."""
