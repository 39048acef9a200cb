"""What happens as time passes: syncs that are due are started, and failed events are sent again."""
