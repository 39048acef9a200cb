"""The routes of Polytomic Connect: its sessions, and the pages that a person sees."""
