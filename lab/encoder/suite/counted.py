"""The stage that writes down what a row costs, for columns of a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publish the numbers of `config` as scores of "cost"."""
    (out / "scores.json").write_text(json.dumps({"cost": dict(config)}))
