"""Rows of tokens as batches."""
