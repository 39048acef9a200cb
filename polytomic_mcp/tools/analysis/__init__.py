"""Tools that combine many reads: why a sync fails, how all syncs are doing, what depends on what."""
