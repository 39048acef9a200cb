"""When syncs and bulk syncs run by themselves, and when each is due next."""
