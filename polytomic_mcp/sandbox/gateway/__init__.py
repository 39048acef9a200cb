"""A request's way to its route and back: whose it is, which faults it meets, what is answered."""
