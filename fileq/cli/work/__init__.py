"""The work that a command sees to its end: done here or waited for, with what it costs and how far it is."""
