"""fileq: a batch file processor with a local queue that loses nothing."""

__version__ = "0.1.0"
