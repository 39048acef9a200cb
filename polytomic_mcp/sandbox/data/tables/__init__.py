"""Tables and their rows: backends, columns and types, JSON forms of values, and indexes."""
