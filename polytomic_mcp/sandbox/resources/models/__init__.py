"""Models: what they select, their fields as syncs use them, joins, and queries on a connection."""
