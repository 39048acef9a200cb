"""How a sync is doing, judged by its schedule, its latest runs and what it needs to run."""
