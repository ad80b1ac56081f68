"""Labelled data: how rows are fetched, read and split."""
