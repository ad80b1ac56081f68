"""A cache of the test's own for what `datasets` writes beside the files it reads."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def datasets_cache(tmp_path, monkeypatch):
    """Keep the user's cache untouched."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "datasets-cache")
