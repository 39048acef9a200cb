"""The tools for connections and connection types."""
