"""Tiny pre-trainings make what they made before, or the version of their stage must be raised."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_electra import configuration
from stage_context import Context
from trained import losses

from lab.encoder.lines import Lines
from lab.encoder.rows import Rows
from studies.electra.batches import MaskedBatches
from studies.electra.objectives import get_objective
from studies.electra.training import intrinsic

STORED = Path(__file__).with_name("digests.json")
RENEW = "T5STUDY_RENEW_DIGESTS"


def check(name: str, found: Any) -> None:
    """Compare with what is stored; renew it where the environment asks for that."""
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    if os.environ.get(RENEW):
        stored[name] = found
        STORED.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
    known = stored[name]
    same = found == (known if isinstance(known, str) else pytest.approx(known, abs=1e-4))
    assert same, (
        f"Raise the version of {name}, or show that its meaning is unchanged and renew the digest "
        f"({RENEW}=1). Stored {known}, now {found}."
    )


@pytest.mark.parametrize("objective", ["bert", "electra"])
def test_what_is_drawn(data: SimpleNamespace, objective: str) -> None:
    """Rows, positions and what is shown there, bit for bit."""
    batches = MaskedBatches(
        Rows(Lines.open(data.lines), longest=24),
        get_objective(objective),
        data.pieces,
        longest=24,
        batch_size=8,
        rate=0.15,
        replacement=False,
        seed=3,
    )
    assert digest(batches, (3, 1, 2, 0)) == digest(batches, range(4))
    check(f"pretrain: batches of {objective}", digest(batches, range(4)))


def digest(batches: MaskedBatches, order: Iterable[int]) -> str:
    """Of some batches, made in this order."""
    made = {step: batches[step] for step in order}
    found = hashlib.sha256()
    for step in sorted(made):
        for name, array in sorted(made[step].items()):
            found.update(name.encode() + array.tobytes())
    return found.hexdigest()[:16]


@pytest.mark.parametrize(
    ("objective", "changed"),
    [
        ("bert", {}),
        ("all_tokens_mlm", {}),
        ("electra", {}),
        ("electra", {"generator": {"kind": "unigram"}}),
        ("electra", {"algorithm": "adversarial"}),
    ],
    ids=["bert", "all_tokens_mlm", "electra", "unigram", "adversarial"],
)
def test_what_is_learned_and_measured(
    train: Callable[..., Path],
    data: SimpleNamespace,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    objective: str,
    changed: dict[str, Any],
) -> None:
    name = request.node.callspec.id
    out = train(configuration(objective, **changed), name)
    assert len(losses(out)) == 2
    check(f"pretrain: {name}", losses(out))
    judged = tmp_path / "judged"
    judged.mkdir()
    inputs = {"pretrain": out, "vocabulary": data.vocabulary, "lines": data.lines}
    config = {"examples": 20, "seed": 0, "checkpoint": None}
    intrinsic.run(config, inputs, judged, Context(tmp_path / "work"))
    scores = json.loads((judged / "scores.json").read_text())["intrinsic"]
    check(f"intrinsic: {name}", scores)
