"""Models: what they select, the fields that syncs name, joins, and queries on a connection."""
