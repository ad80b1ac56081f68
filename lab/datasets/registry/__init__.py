"""Readers of labelled data out of registry packages that are fetched only when asked for."""
