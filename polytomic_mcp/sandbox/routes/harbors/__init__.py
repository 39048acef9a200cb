"""The routes of Harbors: what administrators manage, and what a Harbor's own credential asks."""
