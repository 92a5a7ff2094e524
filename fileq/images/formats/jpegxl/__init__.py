"""JPEG XL: what its header says, and the frames of an animation."""
