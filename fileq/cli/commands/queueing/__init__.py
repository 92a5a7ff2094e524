"""Commands that queue files, and process what is queued."""
