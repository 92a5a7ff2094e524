"""What happens by itself: cleaning, health, notices, and when. Plain functions; `now` is a parameter."""
