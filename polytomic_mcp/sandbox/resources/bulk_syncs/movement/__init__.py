"""A bulk sync's run: which rows of a schema are read, and how they reach its output."""
