"""Everything a model sees: a folder for each resource, and what they share."""
