"""Organizations, their users and roles, and the policies that say what these may do."""
