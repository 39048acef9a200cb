"""The toolsets that a configuration can show: which tools belong to each, and what each may do."""
