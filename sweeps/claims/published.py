"""What a study's published tables say that claims need: the columns, and the baseline's spread."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from sweeps.errors import SweepError
from sweeps.studies import find_study

TABLES = "tables.yaml"


def published_columns(study: str) -> frozenset[str]:
    """Every name of a column of the study's published tables; none where it has no tables."""
    about = _about(study)
    columns = about.get("columns") or {}
    return frozenset(
        {*(about.get("condensed") or {}), *columns, *(one["name"] for one in columns.values())}
    )


@cache
def _about(study: str) -> dict[str, Any]:
    try:
        text = (find_study(study).published / TABLES).read_text("utf-8")
        found = yaml.safe_load(text)
    except (OSError, SweepError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
