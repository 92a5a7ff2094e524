"""fileq from Python: what `import fileq` gives, each name at its first use. See `fileq help from-python`."""
