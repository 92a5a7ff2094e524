"""Commands that look after outputs, jobs and the machine."""
