"""Pictures with 16 bits for each of several channels, which Pillow has no mode for."""
