"""The tools for connections and connection types, and what their configurations and modes may be."""
