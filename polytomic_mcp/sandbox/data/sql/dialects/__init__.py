"""What sqlglot alone does not bring over from a dialect to DuckDB: JSON, table functions, catalogs."""
