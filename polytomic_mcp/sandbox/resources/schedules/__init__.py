"""What all schedules have in common: their frequencies, and the timetable of what is due next."""
