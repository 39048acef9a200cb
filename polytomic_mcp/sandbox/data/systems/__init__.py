"""The connection types, and what each system that holds data speaks, keeps and takes."""
