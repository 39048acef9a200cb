"""Model syncs: storing, checking and starting them, and the targets they write to."""
