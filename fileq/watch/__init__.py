"""Watched folders: what comes in is found, seen to be complete, and queued."""
