"""The schedule: when each task is due by the clock, and what it does."""
