"""What one running sandbox holds: everything as one ``Workspace``, its clock, and the requests it saw."""
