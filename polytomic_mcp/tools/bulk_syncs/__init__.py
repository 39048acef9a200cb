"""The tools for bulk syncs: what a model writes, checked, sent, started and followed."""
