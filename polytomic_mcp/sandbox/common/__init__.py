"""Small helpers for every folder of the sandbox; they import none of them."""
