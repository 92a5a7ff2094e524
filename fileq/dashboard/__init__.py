"""The dashboard: pages in a browser that show the ledger as it is now. See `fileq.dashboard.server`."""

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""What this machine calls itself: nobody else gets there by these names."""
