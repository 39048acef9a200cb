"""The sample company of a fresh sandbox: rows and files under ``systems``, a folder for each system."""
