"""The routes of models, of what they can be built on, and of queries."""
