"""How tools use the API: find by name, list, wait, merge updates, read logs."""
