"""Real servers behind connections: PostgreSQL, MySQL and receivers of webhooks, on hosts the user allows."""
