"""C4's rules for a page, under the name that others import."""

from lab.corpora.cleaning import clean_page

__all__ = ["clean_page"]
