"""PNG: what is damaged beside its pixels, its transparency, and its animations."""
