"""The tables of sources and their folders: what is watched, what has come, and what becomes of it."""
