"""The user's own CSV, JSON and Parquet files, imported as tables."""
