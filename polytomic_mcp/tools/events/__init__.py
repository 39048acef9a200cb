"""The tools for events, webhooks and error notifications."""
