"""Sessions on database servers: what all products share, and the drivers of PostgreSQL and MySQL."""
