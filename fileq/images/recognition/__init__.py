"""What a file is whose picture fileq doesn't read: told by its content, so that its owner knows what to do."""
