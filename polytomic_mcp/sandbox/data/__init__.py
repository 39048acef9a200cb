"""What the sandbox keeps and queries: documents, tables and their rows, and SQL over them."""
