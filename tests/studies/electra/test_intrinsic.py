"""What is measured on held-out text, and what is said of networks that are stuck."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_electra import ENCODER, LEARNING, configuration
from stage_context import Context

from lab.errors import DataError
from studies.electra.detection import constant_answer
from studies.electra.training import intrinsic

Train = Callable[..., Path]
CONFIG = {"examples": 20, "seed": 0, "checkpoint": None}


def judge(
    pretrained: Path, data: SimpleNamespace, name: str, **changed: Any
) -> tuple[dict[str, float], dict[str, Any]]:
    """The scores, and what the stage records."""
    out = pretrained.parent / name
    out.mkdir()
    context = Context(pretrained.parent / "work")
    inputs = {"pretrain": pretrained, "vocabulary": data.vocabulary, "lines": data.lines}
    intrinsic.run(CONFIG | changed, inputs, out, context)
    scores: dict[str, float] = json.loads((out / "scores.json").read_text())["intrinsic"]
    return scores, context.facts


def test_networks_that_learned_are_better_than_frequencies(
    train: Train, data: SimpleNamespace
) -> None:
    """Generator and detector alike; no note says that the generator is stuck."""
    config = configuration(
        encoder=asdict(LEARNING),
        generator={"kind": "encoder", "encoder": asdict(LEARNING)},
        steps=600,
        rate=5e-4,
        batch_size=16,
    )
    scores, facts = judge(train(config, "electra"), data, "scores")
    assert scores["generator_loss"] < scores["unigram_loss"] - 0.2
    assert 55.0 < scores["detector_auc"] <= 100.0
    assert scores["detector_constant"] == pytest.approx(constant_answer(scores["replaced"] / 100))
    assert not any("generator" in note for note in facts["notes"])
    assert facts["rows"] == 20


def test_untrained_networks_are_said_to_be_stuck(train: Train, data: SimpleNamespace) -> None:
    """One note for the generator or the masked language model, one for the detector."""
    electra = train(configuration(steps=1), "electra")
    scores, facts = judge(electra, data, "scores")
    assert scores["generator_loss"] > scores["unigram_loss"]
    generator, detector = facts["notes"]
    assert generator == (
        f"The generator is stuck: {scores['generator_loss']:.2f} nats on held-out text, where the "
        f"frequencies of pieces alone have {scores['unigram_loss']:.2f}."
    )
    assert detector.startswith("The detector is stuck: 0.7")
    scores, facts = judge(train(configuration("bert", steps=1), "bert"), data, "scores")
    assert scores.keys() == {"unigram_loss", "mlm_loss", "mlm_acc"}
    (note,) = facts["notes"]
    assert note.startswith("The encoder is stuck: 3.")


def test_a_generator_that_cannot_learn_is_not_stuck(train: Train, data: SimpleNamespace) -> None:
    """Its loss is that of the frequencies, which it is."""
    out = train(configuration(generator={"kind": "unigram"}, steps=1), "unigram")
    scores, facts = judge(out, data, "scores")
    assert scores["generator_loss"] == pytest.approx(scores["unigram_loss"], rel=1e-5)
    assert not any("generator" in note for note in facts["notes"])


def test_the_same_positions_for_all_and_the_same_numbers_again(
    train: Train, data: SimpleNamespace
) -> None:
    """Frequencies have one loss whichever networks are judged; another seed asks elsewhere."""
    electra = train(configuration(steps=3, keep=[2]), "electra")
    bert = train(configuration("bert", steps=3), "bert")
    first, _ = judge(electra, data, "first")
    again, _ = judge(electra, data, "again")
    assert first == again
    assert judge(bert, data, "bert")[0]["unigram_loss"] == first["unigram_loss"]
    assert judge(electra, data, "other", seed=1)[0]["unigram_loss"] != first["unigram_loss"]
    earlier, _ = judge(electra, data, "earlier", checkpoint=2)
    assert earlier["detector_loss"] != first["detector_loss"]


@pytest.mark.parametrize("objective", ["replace_mlm", "all_tokens_mlm", "electra_15"])
def test_each_answer_is_judged_where_it_is_given(
    train: Train, data: SimpleNamespace, objective: str
) -> None:
    scores, _ = judge(train(configuration(objective, steps=2), objective), data, "scores")
    shared = {"unigram_loss", "generator_acc", "generator_loss"}
    detector = {"replaced", "detector_loss", "detector_constant", "detector_auc"}
    own = detector if objective == "electra_15" else {"mlm_acc", "mlm_loss"}
    assert scores.keys() == shared | own
    if objective == "electra_15":
        # Of the drawn positions alone, where an untrained generator is nearly never right.
        assert scores["replaced"] > 90.0


def test_summary_is_by_the_definitions() -> None:
    """The area under the curve is the share of pairs in the right order."""
    replaced = np.array([True, False, False, True, False])
    logits = np.array([2.0, 1.0, -1.0, 0.0, -2.0])
    scores = intrinsic.summary(
        {
            "unigram": np.array([3.0, 5.0]),
            "generator_loss": np.array([1.0, 2.0]),
            "generator_right": np.array([True, False]),
            "detector_loss": np.array([0.1, 0.2, 0.3, 0.4, 0.5]),
            "detector_logit": logits,
            "replaced": replaced,
        }
    )
    pairs = [(a > b) for a in logits[replaced] for b in logits[~replaced]]
    assert scores == pytest.approx(
        {
            "unigram_loss": 4.0,
            "generator_loss": 1.5,
            "generator_acc": 50.0,
            "replaced": 40.0,
            "detector_loss": 0.3,
            "detector_constant": constant_answer(0.4),
            "detector_auc": 100 * np.mean(pairs),
        }
    )


def test_nothing_replaced_has_no_curve() -> None:
    values = {
        "unigram": np.ones(1),
        "detector_loss": np.ones(3),
        "detector_logit": np.ones(3),
        "replaced": np.zeros(3, dtype=bool),
    }
    assert intrinsic.summary(values) == {"unigram_loss": 1.0, "replaced": 0.0, "detector_loss": 1.0}


def test_without_a_held_out_part_it_says_what_to_give(
    train: Train, data: SimpleNamespace, tmp_path: Path
) -> None:
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines" / "train").symlink_to(data.lines / "train")
    short = SimpleNamespace(vocabulary=data.vocabulary, lines=tmp_path / "lines")
    pretrained = train(configuration("bert", encoder=asdict(ENCODER), steps=1), "bert")
    with pytest.raises(DataError, match="has no part 'held_out'"):
        judge(pretrained, short, "scores")
