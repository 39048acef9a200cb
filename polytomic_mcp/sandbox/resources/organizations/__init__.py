"""Organizations, their users and roles, and what these are allowed to do."""
