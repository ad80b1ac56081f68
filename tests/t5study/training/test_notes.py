"""What pre-training records of its data, and what of it a table says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.corpora.tokenized import TokenizedCorpus
from t5study.batching import Measured
from t5study.training import pretrain
from t5study.training.pretrain import repeat_notes, sample_notes


@pytest.fixture
def facts(
    tmp_path: Path, data: SimpleNamespace, pretrain_config: dict[str, Any], context: Any
) -> Callable[..., dict[str, Any]]:
    """What a pre-training records in stage.json."""

    def go(**changes: Any) -> dict[str, Any]:
        out = tmp_path / "out"
        out.mkdir()
        given = {"vocabulary": data.vocabulary, "corpus": data.corpus}
        pretrain.run({**pretrain_config, **changes}, given, out, context)
        recorded: dict[str, Any] = context.facts
        return recorded

    return go


def test_truncated_corpus_is_counted(
    data: SimpleNamespace, facts: Callable[..., dict[str, Any]]
) -> None:
    """3 steps of 8 rows through 4 rows of 23 tokens are 6 times, of the whole corpus' tokens."""
    whole = len(TokenizedCorpus.open(data.corpus))
    found = facts(steps=3, corpus_tokens=92)
    assert found["repeats"] == {"corpus": 6.0}
    assert found["notes"] == [
        f"Pre-training went 6 times through the first 92 of its corpus' {whole:,} tokens."
    ]


def test_whole_corpus_that_is_not_repeated_is_no_news(
    facts: Callable[..., dict[str, Any]],
) -> None:
    """Less than once through it needs no footnote."""
    found = facts(steps=1)
    assert 0 < found["repeats"]["corpus"] < 1
    assert found["notes"] == []


def test_published_targets_length_of_a_tenth_is_said_to_be_short(
    facts: Callable[..., dict[str, Any]],
) -> None:
    """103 tokens cut about a third of the targets of 511 tokens at 10%."""
    objective = {"name": "iid", "noise_density": 0.1, "targets_style": "released"}
    lengths = {"inputs_length": 512, "targets_length": 103}
    found = facts(steps=1, batch_size=48, objective=objective, sentinels=84, **lengths)
    share = found["sample"]["truncated"]["targets"] / found["sample"]["examples"]
    assert 0.1 < share < 0.7
    assert f"{share:.0%} of the targets were cut to 103 tokens" in found["notes"][0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"truncated": {"targets": 1}}, []),
        ({"truncated": {"targets": 70}}, ["35% of the targets were cut to 103 tokens"]),
        ({"overflowed": 1}, ["0.005 of the examples ran out of sentinels"]),
        ({"truncated": {"targets": 200}, "overflowed": 50}, ["100% of the targets", "0.25 of the"]),
    ],
)
def test_what_a_sample_gives_to_say(changes: dict[str, int], said: list[str]) -> None:
    """Single targets cut by chance are no news; missing sentinels always are."""
    none: dict[str, Any] = {
        "examples": 200,
        "padding_share": 0.1,
        "padding_by_side": {},
        "truncated": {"inputs": 0, "targets": 0},
        "overflowed": 0,
    }
    found = sample_notes(Measured(**{**none, **changes}), 103)
    assert len(found) == len(said)
    assert all(words in note for words, note in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((1.0, 500, 500, None), []),
        ((2.5, 5000, 5000, None), ["2.5 times through its corpus of 5,000 tokens."]),
        ((1024.0, 2**25, 2**36, 2**25), ["1,024 times through the first 33,554,432 of its"]),
        ((8.0, 50, 50, 100), ["its corpus of 50 tokens, of which 100 were asked for."]),
    ],
)
def test_the_sentence(numbers: tuple[float, int, int, float | None], said: list[str]) -> None:
    """It names the tokens that were read, and those that were not there."""
    found = repeat_notes(*numbers)
    assert len(found) == len(said)
    assert all(words in note for words, note in zip(said, found, strict=True))
