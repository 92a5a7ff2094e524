"""From a file to pixels: opened by its content, checked, and read at the size that is needed."""
