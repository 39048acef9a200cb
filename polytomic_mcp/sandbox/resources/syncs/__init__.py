"""Model syncs: stored, checked and started; the targets they write to."""
