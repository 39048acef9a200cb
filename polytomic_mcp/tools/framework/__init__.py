"""What a tool is made of: its definition, its arguments, and the consent it asks a person for."""
