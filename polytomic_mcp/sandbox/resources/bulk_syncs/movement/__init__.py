"""The run of a bulk sync: which rows of a schema are read, and how they are written to its output."""
