"""Commands that say what becomes of jobs."""
