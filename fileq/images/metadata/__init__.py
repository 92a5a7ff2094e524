"""What outputs carry of their source beside pixels."""
