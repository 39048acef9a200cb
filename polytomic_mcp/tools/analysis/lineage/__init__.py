"""What depends on a connection, a model, a field or a sync."""
