"""fileq as a service of the user's: it watches and works from log-in on, and is started again when it ends."""
