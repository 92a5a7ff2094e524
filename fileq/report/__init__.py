"""The report: what was done in a stretch of time, as figures and as a page."""
