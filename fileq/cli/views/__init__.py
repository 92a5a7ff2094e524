"""What each answer shows."""
