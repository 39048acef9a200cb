"""Faults that people ask for: how one is written, and the rules that say when it applies."""
