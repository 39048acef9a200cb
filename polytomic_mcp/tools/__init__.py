"""Everything a model sees: one module a resource, and what they share."""
