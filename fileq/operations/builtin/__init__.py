"""The operations that fileq brings."""
