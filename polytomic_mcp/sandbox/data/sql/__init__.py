"""SQL over a system's tables: checked to only read, translated to DuckDB's dialect, and run within limits."""
