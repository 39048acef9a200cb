"""The routes of models, of the sources they can select, and of queries."""
