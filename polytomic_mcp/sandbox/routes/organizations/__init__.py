"""The routes of organizations, users, roles, policies and credentials."""
