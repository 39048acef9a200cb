"""The rules that find causes, by what they are about."""
