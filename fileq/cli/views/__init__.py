"""The views: how each answer looks, as JSON and as blocks for people."""
