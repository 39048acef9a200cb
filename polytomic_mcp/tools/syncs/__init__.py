"""The tools for model syncs: what a model writes, checked, sent, run and followed."""
