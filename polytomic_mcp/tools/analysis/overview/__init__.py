"""How all syncs are doing, what mends them, and which ran since a time."""
