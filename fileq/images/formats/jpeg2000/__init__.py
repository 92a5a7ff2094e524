"""JPEG 2000: its main header, its channels, and what Pillow can't read of them."""
