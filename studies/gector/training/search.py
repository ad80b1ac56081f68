"""The stage "search": the tweaks of inference that score best on validation (section 5).

Its `config` holds kind of the tags, trials, seed, iterations, min_len, each_tag, most (confidence,
minimum), scorer, reading, batch_size, precision; inputs are "validation", the pairs, and member_0.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from studies.gector.corrector import Corrector, Remembering
from studies.gector.families import transformations
from studies.gector.inference import Tweaks
from studies.gector.judging import judged, members_of, read_references
from studies.gector.scoring import get_scorer

FILE = "tweaks.json"


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes tweaks.json: the best, and what each trial scored. The first one has none."""
    members = Remembering(members_of(config, inputs, context))
    references = read_references(inputs["validation"])
    known, scorer = transformations(config["kind"]), get_scorer(config["scorer"])
    trials: list[dict[str, Any]] = []
    for number, tweaks in enumerate(drawn(config), start=1):
        corrector = Corrector(
            members,
            known,
            tweaks,
            iterations=config["iterations"],
            min_len=config["min_len"],
        )
        found = judged(references, corrector([[*one.source] for one in references]), scorer)
        trials.append({"tweaks": asdict(tweaks), "f": found.f, "p": found.precision})
        context.progress(number, config["trials"], f=found.f)
    best = max(trials, key=lambda trial: trial["f"])
    (out / FILE).write_text(json.dumps({**best, "trials": trials}, indent=1))
    context.record(tweaks=best["tweaks"])


def drawn(config: Mapping[str, Any]) -> Iterator[Tweaks]:
    """The tweaks to try: none, then random ones, as the paper searches."""
    draws, most = random.Random(config["seed"]), config["most"]
    each_tag = config["each_tag"]
    yield Tweaks(each_tag=each_tag)
    for _ in range(config["trials"] - 1):
        yield Tweaks(
            additional_confidence=round(draws.uniform(0.0, most["confidence"]), 3),
            min_error_probability=round(draws.uniform(0.0, most["minimum"]), 3),
            each_tag=each_tag,
        )


def read_tweaks(folder: Path) -> Tweaks:
    """The best tweaks that the stage found."""
    return Tweaks(**json.loads((folder / FILE).read_text())["tweaks"])
