"""Readers of the labelled data that registry packages carry: archives in, split rows out."""
