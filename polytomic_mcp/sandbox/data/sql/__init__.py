"""SQL over a system's tables: held to reading, brought to DuckDB's dialect, and run within bounds."""
