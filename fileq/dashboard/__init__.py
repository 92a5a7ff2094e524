"""The dashboard: pages in a browser that show the ledger as it is now. See `fileq.dashboard.server`."""
