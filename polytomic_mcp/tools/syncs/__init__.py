"""The tools for model syncs: requests, their validation, targets, and runs."""
