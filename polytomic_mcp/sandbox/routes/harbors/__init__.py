"""The routes of Harbors: those for administrators, and those for a Harbor's own credentials."""
