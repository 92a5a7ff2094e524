"""Gain maps: small pictures that brighten their main ones on HDR screens, and how they stay with them."""
