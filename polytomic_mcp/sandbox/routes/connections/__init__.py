"""The routes of connections: their types, proxy, usage and sharing, and the consent page."""
