"""The state of one running sandbox: the ``Workspace``, its clock, and the requests it received."""
