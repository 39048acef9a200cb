"""The tools for an organization, its users, roles, policies and keys."""
