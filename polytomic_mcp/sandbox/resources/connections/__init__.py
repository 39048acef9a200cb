"""Connections: their configuration, signing in, proxy, use and sharing, and what depends on them."""
