"""Harbors: stores that agents query, with their keys, people, context documents and saved queries."""
