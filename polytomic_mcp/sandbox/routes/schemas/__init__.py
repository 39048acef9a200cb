"""The routes of a connection's schemas, and the page that shows one record."""
