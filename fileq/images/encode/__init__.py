"""From pixels to a file: each format's options, the check of what was written, and whether it is worth having."""
