"""What one running sandbox holds: everything as one ``World``, its clock, and the requests it saw."""
