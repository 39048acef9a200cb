"""What happens as time passes: runs that are due are started, and events are sent again."""
