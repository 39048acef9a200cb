"""Tables and their rows: columns and types, the forms of values, and finding rows by a value."""
