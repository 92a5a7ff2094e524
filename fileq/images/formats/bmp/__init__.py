"""Windows and OS/2 bitmaps that Pillow does not read, or in another way than browsers."""
