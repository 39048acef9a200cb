"""What a fault does to a request: errors in place of answers, broken bodies, broken connections."""
