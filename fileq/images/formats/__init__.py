"""What single formats need that Pillow does not do."""
