"""What a deletion affects, and the confirmation that a person is asked for first."""
