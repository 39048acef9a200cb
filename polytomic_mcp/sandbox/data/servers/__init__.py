"""Real servers behind connections: PostgreSQL, MySQL and webhook receivers, on hosts that the user allows."""
