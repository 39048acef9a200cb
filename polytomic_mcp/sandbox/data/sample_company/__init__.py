"""The sample company: rows and files in ``systems``, with a folder for each system."""
