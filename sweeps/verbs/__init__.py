"""The commands of `python -m sweeps`, a module each."""
