"""What happens by the clock: when each task is due, and what it does."""
