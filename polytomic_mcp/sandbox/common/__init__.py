"""Small helpers that every folder of the sandbox may use, and that use none of them."""
