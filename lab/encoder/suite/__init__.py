"""What cells of encoders' studies share: text, fine-tunings of a suite, and their columns."""
