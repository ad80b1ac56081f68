"""The axis `distractors`: what the three wrong options of a question are."""

from __future__ import annotations

from collections.abc import Mapping

KINDS: Mapping[str, tuple[str, ...]] = {
    "random": ("random", "random", "random"),
    "compositional": ("compositional", "random", "random"),
    "full": ("compositional", "frequent", "random"),
}
"""By the name of the axis' option; how each is found, studies/star/generator/options.py says."""
