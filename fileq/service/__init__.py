"""The user's service: it watches and works from log-in on, and is started again when it fails."""
