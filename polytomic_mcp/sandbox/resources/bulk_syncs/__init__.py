"""Bulk syncs: stored, checked and started; their schemas, sources and destinations."""
