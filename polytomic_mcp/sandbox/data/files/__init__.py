"""The user's own CSV, JSON and Parquet files, read and brought in as tables."""
