"""Polytomic Connect: sessions and forms for a person who makes a connection without a key."""
