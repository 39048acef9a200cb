"""The routes of Polytomic Connect: sessions, and the pages that a person sees."""
