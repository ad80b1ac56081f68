"""What would run, and what it costs."""
