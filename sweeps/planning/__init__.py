"""What would run, where it fits, and what it costs."""
