"""The route that finds operations by plain words, and how often it may be asked."""
