"""Corpora, under the names that others import; the code is lab.corpora."""
