"""The routes of bulk syncs, their schemas, schedules, executions and logs, and of discovery."""
