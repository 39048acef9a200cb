"""The tools that answer a question from many reads: why a sync fails, how all do, what hangs on what."""
