"""High dynamic range: gain maps, which brighten a picture for screens that can, and how they stay with it."""
