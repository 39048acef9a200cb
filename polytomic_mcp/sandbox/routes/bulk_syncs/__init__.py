"""The routes of bulk syncs: the syncs, their schemas and schedules, runs, logs, and what can be copied."""
