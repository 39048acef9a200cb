"""What every call of the API has in common: its arguments, credentials, version and pages."""
