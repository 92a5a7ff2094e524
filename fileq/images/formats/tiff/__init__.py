"""TIFF: its directories, its pixels, and what Pillow can't read of them."""
