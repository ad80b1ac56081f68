"""What a study's published tables say that claims need: the columns, and the baseline's spread."""

from __future__ import annotations

import csv
from functools import cache
from typing import Any

import yaml

from sweeps.claims.statement import Ruler
from sweeps.errors import SweepError
from sweeps.studies import find_study

TABLES = "tables.yaml"

# In C where PyYAML was built with it: a plan reads a study's tables.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def published_columns(study: str) -> frozenset[str]:
    """Every name of a column of the study's published tables; none where it has no tables."""
    about = _about(study)
    columns = about.get("columns") or {}
    return frozenset(
        {*(about.get("condensed") or {}), *columns, *(one["name"] for one in columns.values())}
    )


@cache
def published_rulers(study: str) -> dict[str, Ruler]:
    """The published baseline's deviation by the name of its column; empty where none is printed."""
    about = _about(study)
    row = about.get("deviation_row")
    runs = about.get("baseline_runs")
    if not row or not isinstance(runs, int) or runs < 2:
        return {}
    try:
        with (find_study(study).published / str(about.get("full"))).open(encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
    except (OSError, SweepError, csv.Error):
        return {}
    labels = about.get("labels") or []
    values = next((one for one in lines if row in (one.get(name) for name in labels)), {})
    columns = about.get("columns") or {}
    names = {key: key_about["name"] for key, key_about in columns.items()}
    keys = {**{name: key for key, name in names.items()}, **(about.get("condensed") or {})}
    source = f"the {runs} published runs of the baseline"
    return {
        name: Ruler(deviation=float(values[key]), runs=runs, source=source)
        for name, key in keys.items()
        if values.get(key)
    }


@cache
def _about(study: str) -> dict[str, Any]:
    try:
        text = (find_study(study).published / TABLES).read_text("utf-8")
        found = yaml.load(text, Loader=_LOADER)
    except (OSError, SweepError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
