"""The schemas of a connection: their fields, the status of their cache, and links to one record."""
