"""The vocabulary stage, under the name that stages on disk call it by."""

from lab.vocabulary import run

__all__ = ["run"]
