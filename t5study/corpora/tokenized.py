"""The corpus stage, under the name that stages on disk call it by."""

from lab.corpora.tokenized import run

__all__ = ["run"]
