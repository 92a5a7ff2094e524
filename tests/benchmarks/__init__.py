"""Speed, measured side by side. Nothing here fails on a time: the figures are for people to read."""
