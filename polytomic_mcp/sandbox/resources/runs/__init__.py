"""What all executions have in common: history, logs and watermarks; and jobs in the background."""
