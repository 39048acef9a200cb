"""Everyday tasks, carried out with an MCP server: what they cost, and whether they end as they should."""
