"""The schemas of a connection: their fields, how fresh they are, and links to one record."""
