"""The tool that returns a guide."""
