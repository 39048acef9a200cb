"""A model sync's run: records are read, matched with the target's rows, and written."""
