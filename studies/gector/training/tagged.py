"""The stage "tagged": pairs to tags by the alignment (section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studies.gector.families import family
from studies.gector.tags.preprocess import Tally, tagged
from studies.gector.tags.records import write_tagged
from studies.gector.training.pairs import read_pairs


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """`config` is {kind, verbs}, the input "pairs". Publishes tagged.jsonl."""
    tally = Tally()
    pairs = ((row["source"].split(), row["target"].split()) for row in read_pairs(inputs["pairs"]))
    write_tagged(out, tagged(pairs, family(config["kind"]), tally))
    context.record(
        tagged={"pairs": tally.pairs, "blank": tally.blank, "unchanged": tally.unchanged},
        later_rounds=tally.later,
    )
