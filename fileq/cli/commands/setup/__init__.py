"""Commands that prepare fileq for a person, a folder or a machine."""
