"""The tools for models, and the one that runs a query."""
