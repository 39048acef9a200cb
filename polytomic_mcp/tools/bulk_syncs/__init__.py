"""The tools for bulk syncs: requests, their validation, schedules, and runs."""
