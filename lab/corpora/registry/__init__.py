"""Larger text and translations out of Debian's archive and npm, fetched only when asked for."""
