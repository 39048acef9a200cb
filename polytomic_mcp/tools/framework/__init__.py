"""What every tool is made of: its definition, its arguments, its calls, and a person's consent."""
