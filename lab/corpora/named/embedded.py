"""What the packages of two registries carry (docs/data.md)."""

from __future__ import annotations

from lab.corpora.embedded import CORPORA

__all__ = ["CORPORA"]
