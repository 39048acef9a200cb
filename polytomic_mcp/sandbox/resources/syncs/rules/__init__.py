"""What the words of a sync mean: filter functions, filter logic, identity functions and modes."""
