"""Connections: their configuration, sign-in, proxy, usage and sharing, and what depends on them."""
