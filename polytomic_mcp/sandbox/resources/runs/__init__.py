"""Runs of syncs and bulk syncs: documents, states, events and logs; and work in the background."""
