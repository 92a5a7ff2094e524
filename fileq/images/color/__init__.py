"""Color: profiles, spaces and pixel modes."""
