"""Harbors: stores that agents query, with their keys, users, context documents and saved queries."""
