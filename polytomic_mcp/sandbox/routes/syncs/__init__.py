"""The routes of model syncs: the syncs, their targets and schedules, runs, logs, and errors."""
