"""Bulk syncs: their documents and checks, schemas, sources, destinations, schedules and executions."""
