"""The routes of model syncs: the syncs, their targets, executions, logs and error handling."""
