"""What both sides of the wall share: JSON values, cron lines, and how messages name things."""
