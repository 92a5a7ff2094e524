"""How work ended, in words: what is done and where, what failed and why, and what to do next."""
