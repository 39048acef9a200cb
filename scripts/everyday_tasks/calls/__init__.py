"""The calls by which an agent carries out the tasks: a module for each server."""
