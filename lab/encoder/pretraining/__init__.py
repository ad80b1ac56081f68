"""What studies share that pre-train encoders on rows of text."""
