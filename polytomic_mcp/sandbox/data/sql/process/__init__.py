"""The processes that run queries: each has a DuckDB, and its parent watches what it takes."""
