"""The vocabulary of a sync: filter functions, filter logic, identity functions and modes."""
