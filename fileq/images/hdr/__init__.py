"""High dynamic range, as ordinary screens show it."""
