"""The routes of events, webhooks and error notifications."""
