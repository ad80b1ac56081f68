"""Coordinate ascent: one axis after another."""
