"""The routes of organizations, users, roles, policies and credentials, and of who is calling."""
