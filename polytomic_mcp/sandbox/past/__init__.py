"""An organization with a past: what it has, how its runs went, and the faults that are to be found."""
