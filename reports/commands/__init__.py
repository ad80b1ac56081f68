"""The commands of `python -m reports`, a module each."""
