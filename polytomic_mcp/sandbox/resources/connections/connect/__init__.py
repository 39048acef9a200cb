"""Polytomic Connect: sessions and forms that let a person create a connection without an API key."""
