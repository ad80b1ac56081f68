"""Stages on this machine: worker processes, what they run, and how they survive."""
