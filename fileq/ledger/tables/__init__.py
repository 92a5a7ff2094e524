"""One file a table: what is written there, and the look-ups that the writing needs."""
