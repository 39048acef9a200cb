"""The connection types, and the systems that hold sample data."""
