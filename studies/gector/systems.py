"""What corrects in a stage: taggers in rounds, or a text-to-text model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studies.gector.corrector import Corrector
from studies.gector.families import transformations
from studies.gector.inference import Tweaks
from studies.gector.judging import members_of
from studies.gector.rewriter import Rewriter, open_rewriter
from studies.gector.training.search import read_tweaks


def open_system(
    config: Mapping[str, Any], inputs: Mapping[str, Path], context: Any
) -> Corrector | Rewriter:
    """The rewriter of an input "rewriter", else the taggers member_0, member_1, ...

    Of `config` are read batch_size and precision; of a rewriter beam, alpha and longest; of taggers
    kind, iterations, min_len, reading, and tweaks where no input "search" has them.
    """
    if "rewriter" in inputs:
        return open_rewriter(
            inputs["rewriter"],
            beam=config["beam"],
            alpha=config["alpha"],
            longest=config["longest"],
            batch_size=config["batch_size"],
            device=context.device,
            threads=context.threads,
            precision=config["precision"],
        )
    tweaks = read_tweaks(inputs["search"]) if "search" in inputs else Tweaks(**config["tweaks"])
    return Corrector(
        members_of(config, inputs, context),
        transformations(config["kind"]),
        tweaks,
        iterations=config["iterations"],
        min_len=config["min_len"],
    )
