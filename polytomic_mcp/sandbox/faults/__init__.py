"""Faults: their kinds, the reader of their text and JSON forms, and the rules for when one applies."""
