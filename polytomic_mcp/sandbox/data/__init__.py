"""The sandbox's data: documents, tables and their rows, and queries over them."""
