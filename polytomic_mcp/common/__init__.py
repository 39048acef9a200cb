"""What the server and the sandbox share: JSON values, cron lines, and how messages name things."""
