"""Each objective: what it makes of a text, alone and in a batch, and what it says of lengths."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import t5study.objectives
from lab import named
from t5study.objectives import (
    ObjectiveError,
    get_objective,
    objective_names,
    objective_settings,
    objective_source,
)
from t5study.objectives import objective as registry

VOCAB = 1100
NAMES = ["bert", "deshuffling", "drop", "iid", "lm", "mass", "prefix_lm", "span"]

texts = st.lists(st.integers(3, 999), min_size=1, max_size=60).map(np.array)
seeds = st.integers(0, 2**32 - 1)
densities = st.floats(0.05, 0.95)


def generator(seed=0):
    return np.random.default_rng(seed)


def runs_by_sentinel(ids):
    """The tokens behind each sentinel, in a sequence whose sentinels count down from the first."""
    runs, expected = {None: []}, VOCAB - 1
    current = None
    for token in ids.tolist():
        if token >= VOCAB - 100:
            assert token == expected
            expected -= 1
            current = token
            runs[current] = []
        else:
            runs[current].append(token)
    return runs


def rebuilt_from_labels(inputs, targets):
    """Put each run of clean targets where its sentinel stands in the inputs."""
    runs = runs_by_sentinel(targets)
    text = []
    for token in inputs.tolist():
        text += runs.pop(token) if token in runs else [token]
    closing = VOCAB - 1 - sum(token >= VOCAB - 100 for token in inputs.tolist())
    assert runs == {None: [], closing: []}
    return text


def rebuilt_in_turns(inputs, targets):
    """Take the runs of inputs and released targets in turns, whichever side has the first."""
    sides = [list(runs_by_sentinel(ids).values()) for ids in (inputs, targets)]
    first = 0 if inputs[0] < VOCAB - 100 else 1
    turns = [side[skip:] for side, skip in ((sides[first], 0), (sides[1 - first], 1))]
    text = []
    for i in range(max(map(len, turns))):
        for side in turns:
            text += side[i] if i < len(side) else []
    return text


def test_numpy_is_enough():
    """Workers that only corrupt text do not wait for torch."""
    code = "import sys, t5study.objectives; print('torch' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout.strip() == "False"


def test_the_names():
    """The objectives of the study are known; others may stand beside them."""
    assert set(NAMES) <= set(objective_names())
    assert objective_names() == sorted(objective_names())


PAGE = (Path(__file__).parents[3] / "docs/adding.md").read_text("utf-8")
WHOLE = '''
from dataclasses import dataclass
from typing import ClassVar

from t5study.objectives.objective import Corrupted, Objective{more}


{decorator}@dataclass(frozen=True, kw_only=True)
class WholeText(Objective):
    """Inputs and targets are the text."""

    name: ClassVar[str] = "whole_text"

    def _corrupt(self, rows, rng):
        return Corrupted.of(rows, rows)
'''


def assert_whole_text_is_known() -> None:
    """It is listed, found, and corrupts a text."""
    assert {"whole_text", *NAMES} <= set(objective_names())
    made = get_objective("whole_text", vocab_size=VOCAB)
    inputs, targets = made.corrupt(np.arange(5, 9), generator())
    assert inputs.tolist() == targets.tolist() == [5, 6, 7, 8]


@pytest.fixture
def forgotten(monkeypatch):
    """What a test makes known is unknown after it."""
    monkeypatch.setattr(registry, "_OBJECTIVES", dict(registry._OBJECTIVES))
    named.modules_of.cache_clear()
    named.installed.cache_clear()
    yield
    named.modules_of.cache_clear()
    named.installed.cache_clear()
    for name in ("t5study.objectives.whole_text", "t5study.objectives.reversing", "whole_text"):
        sys.modules.pop(name, None)


def test_an_objective_is_one_file(tmp_path, monkeypatch, forgotten):
    """A module laid into the folder is all that it takes."""
    source = WHOLE.format(more=", register", decorator="@register\n")
    (tmp_path / "whole_text.py").write_text(source)
    folders = [*t5study.objectives.__path__, str(tmp_path)]
    monkeypatch.setattr(t5study.objectives, "__path__", folders)
    importlib.invalidate_caches()
    named.modules_of("t5study.objectives")
    assert_whole_text_is_known()


def test_another_package_brings_an_objective(tmp_path, monkeypatch, forgotten):
    """By an entry point of its own metadata, without a file here."""
    (tmp_path / "whole_text.py").write_text(WHOLE.format(more="", decorator=""))
    about = tmp_path / "whole_text-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: whole-text\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[t5study.objectives]\nwhole_text = whole_text:WholeText\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert_whole_text_is_known()
    source = objective_source("whole_text")
    assert source
    (tmp_path / "whole_text.py").write_text(WHOLE.format(more="", decorator="") + "\n# Other.\n")
    assert objective_source("whole_text") not in (source, None)
    assert objective_source("span") is None


def test_the_objective_of_the_page_does_what_it_says(tmp_path, monkeypatch, forgotten):
    """What docs/adding.md shows is a whole file."""
    section = PAGE.partition("## An objective")[2]
    (tmp_path / "reversing.py").write_text(section.partition("```python\n")[2].partition("```")[0])
    folders = [*t5study.objectives.__path__, str(tmp_path)]
    monkeypatch.setattr(t5study.objectives, "__path__", folders)
    importlib.invalidate_caches()
    named.modules_of("t5study.objectives")
    made = get_objective("reversing", vocab_size=VOCAB)
    inputs, targets = made.corrupt(np.arange(5, 9), generator())
    assert (inputs.tolist(), targets.tolist()) == ([5, 6, 7, 8], [8, 7, 6, 5])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("whole = math:pi", "expected a class derived from t5study.objectives.Objective"),
        ("span = t5study.objectives.deshuffling:Deshuffling", "Give it another name"),
    ],
)
def test_an_entry_point_that_cannot_be(tmp_path, monkeypatch, forgotten, line, said):
    """It is named with what would do."""
    about = tmp_path / "odd-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[t5study.objectives]\n{line}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ObjectiveError, match=said):
        objective_names()


def test_an_unknown_name_is_answered_with_the_nearest():
    """The message names what was meant and what is known."""
    with pytest.raises(
        ObjectiveError, match=r"Unknown objective 'spam'. Did you mean 'span'\?.*lm"
    ):
        get_objective("spam", vocab_size=VOCAB)


def test_all_complaints_come_at_once():
    """Every impossible setting is named with what would do."""
    with pytest.raises(ObjectiveError) as error:
        get_objective(
            "span",
            vocab_size=50,
            noise_density=1.0,
            mean_noise_span_length=0.5,
            targets_style="papers",
        )
    for part in (
        "noise_density=1.0",
        "mean_noise_span_length=0.5",
        "num_sentinels=100 with vocab_size=50",
        "Did you mean 'paper'?",
    ):
        assert part in str(error.value)


def test_settings_that_an_objective_does_not_read():
    """They are not among its settings and change nothing."""
    assert "mean_noise_span_length" not in objective_settings("iid")
    assert objective_settings("lm") == ()
    same = {get_objective("iid", vocab_size=VOCAB, mean_noise_span_length=mean) for mean in (2, 9)}
    assert len(same) == 1


@pytest.mark.parametrize("style", ["released", "paper"])
@pytest.mark.parametrize("name", ["iid", "span"])
@given(text=texts, density=densities, seed=seeds)
def test_inputs_and_targets_rebuild_the_text(name, style, text, density, seed):
    """Nothing of the text is lost or moved, in either form of targets."""
    objective = get_objective(name, vocab_size=VOCAB, noise_density=density, targets_style=style)
    inputs, targets = objective.corrupt(text, generator(seed))
    rebuilt = (rebuilt_from_labels if style == "paper" else rebuilt_in_turns)(inputs, targets)
    assert rebuilt == text.tolist()


@given(text=texts, density=densities, seed=seeds)
def test_span_targets_line_up_in_both_styles(text, density, seed):
    """Random spans differ between the styles by the closing sentinel only."""
    released, paper = (
        get_objective("span", vocab_size=VOCAB, noise_density=density, targets_style=style).corrupt(
            text, generator(seed)
        )
        for style in ("released", "paper")
    )
    assert released[0].tolist() == paper[0].tolist()
    if len(text) > 1:
        assert released[1].tolist() == paper[1][:-1].tolist()


def test_released_targets_of_a_text_that_begins_with_noise():
    """They begin with bare tokens, and their sentinels are behind those of the inputs by one."""
    text = np.arange(10, 30)
    for seed in range(200):
        released, paper = (
            get_objective("iid", vocab_size=VOCAB, targets_style=style).corrupt(
                text, generator(seed)
            )
            for style in ("released", "paper")
        )
        if released[0][0] == VOCAB - 1:
            break
    assert released[0].tolist() == paper[0].tolist()
    assert paper[1][:2].tolist() == [VOCAB - 1, 10]
    assert released[1][0] == 10
    assert [token for token in released[1] if token < 1000] == [
        token for token in paper[1] if token < 1000
    ]


@given(text=texts, density=densities, seed=seeds)
def test_drop_parts_the_text(text, density, seed):
    """The text is a merge of inputs and targets, each in order."""
    positions = np.arange(3, 3 + len(text))
    objective = get_objective("drop", vocab_size=VOCAB, noise_density=density)
    inputs, targets = objective.corrupt(positions, generator(seed))
    assert sorted([*inputs, *targets]) == positions.tolist()
    assert (np.diff(inputs) > 0).all()
    assert (np.diff(targets) > 0).all()


@given(text=texts, seed=seeds)
def test_deshuffling_permutes(text, seed):
    """Inputs are the text in another order, targets the text."""
    inputs, targets = get_objective("deshuffling", vocab_size=VOCAB).corrupt(text, generator(seed))
    assert sorted(inputs) == sorted(text)
    assert targets.tolist() == text.tolist()


@given(text=texts, seed=seeds)
def test_prefix_lm_cuts_once(text, seed):
    """Prefix and rest are the text, and neither is empty where there are two tokens."""
    inputs, targets = get_objective("prefix_lm", vocab_size=VOCAB).corrupt(text, generator(seed))
    assert [*inputs, *targets] == text.tolist()
    assert len(targets) > 0
    assert len(inputs) > 0 or len(text) == 1


def test_lm_has_no_inputs():
    """The whole text is to be predicted."""
    inputs, targets = get_objective("lm", vocab_size=VOCAB).corrupt([5, 6, 7], generator())
    assert (inputs.tolist(), targets.tolist()) == ([], [5, 6, 7])


def test_mass_masks_with_one_sentinel():
    """Every token of noise becomes the same sentinel, at the asked rate; targets are the text."""
    text = np.full(100_000, 5)
    inputs, targets = get_objective("mass", vocab_size=VOCAB).corrupt(text, generator())
    assert set(inputs.tolist()) == {5, VOCAB - 1}
    assert np.mean(inputs != 5) == pytest.approx(0.15, abs=0.006)
    assert targets.tolist() == text.tolist()


def test_bert_puts_random_tokens_for_a_tenth():
    """Noise is 90% one sentinel and 10% any id but the reserved ones; targets are the text."""
    text = np.full(400_000, 5)
    objective = get_objective("bert", vocab_size=20, num_sentinels=4)
    inputs, targets = objective.corrupt(text, generator())
    counts = np.bincount(inputs, minlength=20)
    assert counts[19] == pytest.approx(0.15 * (0.9 + 0.1 / 17) * len(text), rel=0.02)
    others = counts[[3, 4, *range(6, 19)]]
    assert np.abs(others / (0.15 * 0.1 * len(text) / 17) - 1).max() < 0.25
    assert not counts[[0, 1, 2]].any()
    assert targets.tolist() == text.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_one_text_is_a_batch_of_one(name):
    """The same generator gives the same example either way, int32 and unpadded."""
    objective = get_objective(name, vocab_size=VOCAB)
    text = np.arange(3, 60)
    batch = objective.corrupt_batch(text[None], generator(4))
    for alone, padded in zip(
        objective.corrupt(text, generator(4)), (batch.inputs, batch.targets), strict=True
    ):
        assert alone.dtype == np.int32
        assert alone.tolist() == padded[0].tolist()


@pytest.mark.parametrize("style", ["released", "paper"])
@pytest.mark.parametrize("name", NAMES)
def test_batches_hold_whole_padded_examples(name, style):
    """Each row of a ragged batch gives its own tokens, padded with 0 and never more."""
    objective = get_objective(name, vocab_size=VOCAB, noise_density=0.3, targets_style=style)
    lengths = np.array([50, 1, 17, 0])
    tokens = generator().integers(3, 900, size=(4, 50))
    batch = objective.corrupt_batch(tokens, generator(), lengths)
    for ids, sizes in (
        (batch.inputs, batch.inputs_lengths),
        (batch.targets, batch.targets_lengths),
    ):
        assert ids.dtype == np.int32
        assert ids.shape[1] == sizes.max()
        assert ((ids != 0).sum(axis=1) == sizes).all()
        assert not ids[np.arange(ids.shape[1]) >= sizes[:, None]].any()
    for row, length in enumerate(lengths):
        both = {*batch.inputs[row].tolist(), *batch.targets[row].tolist()}
        assert set(tokens[row, :length].tolist()) <= both


@pytest.mark.parametrize("name", NAMES)
def test_the_callers_tokens_stay_as_they_are(name):
    """A batch that is written into leaves the text alone."""
    tokens = np.arange(3, 63, dtype=np.int32).reshape(2, 30)
    batch = get_objective(name, vocab_size=VOCAB).corrupt_batch(tokens, generator())
    batch.inputs[:] = 1
    batch.targets[:] = 1
    assert tokens.ravel().tolist() == list(range(3, 63))


def test_a_batch_is_not_a_text():
    """The wrong shape is named together with the method that takes it."""
    with pytest.raises(ValueError, match=r"\(2, 3\); see corrupt_batch"):
        get_objective("lm", vocab_size=VOCAB).corrupt(np.ones((2, 3)), generator())


def sentinels_in(*sides):
    return len({token for ids in sides for token in ids.tolist() if token >= VOCAB - 100})


@pytest.mark.parametrize("style", ["released", "paper"])
def test_running_out_of_sentinels(style):
    """The last runs stay uncorrupted, as few as possible, and the example is marked."""
    few, plenty = (
        get_objective(
            "iid", vocab_size=VOCAB, noise_density=0.5, num_sentinels=number, targets_style=style
        )
        for number in (4, 100)
    )
    tokens = np.tile(np.arange(10, 22), (500, 1))
    batch = few.corrupt_batch(tokens, generator())
    free = plenty.corrupt_batch(tokens, generator())
    assert set(batch.overflowed.tolist()) == {False, True}
    rebuilt = rebuilt_from_labels if style == "paper" else rebuilt_in_turns
    for row, overflowed in enumerate(batch.overflowed):
        needed = sentinels_in(free.inputs[row], free.targets[row])
        inputs, targets = batch.inputs[row], batch.targets[row]
        assert overflowed == (needed > 4)
        assert sentinels_in(inputs, targets) == min(needed, 4)
        assert rebuilt(inputs[inputs != 0], targets[targets != 0]) == tokens[row].tolist()


def test_a_sentinel_is_left_for_the_end_of_the_text():
    """Where the text ends uncorrupted, released targets need one more than the inputs."""
    objective = get_objective("iid", vocab_size=VOCAB, noise_density=0.5, num_sentinels=1)
    batch = objective.corrupt_batch(np.tile(np.arange(10, 13), (100, 1)), generator())
    examples = {
        (tuple(inputs[inputs != 0].tolist()), tuple(targets[targets != 0].tolist()))
        for inputs, targets in zip(
            batch.inputs[batch.overflowed], batch.targets[batch.overflowed], strict=True
        )
    }
    only = VOCAB - 1
    assert examples == {((10, 11, 12), (only,)), ((only, 11, 12), (10, only))}


def test_which_objectives_join_documents():
    """Denoising and language modeling do, the two that reorder or cut a text do not."""
    apart = [name for name in NAMES if not get_objective(name, vocab_size=VOCAB).joins_documents]
    assert apart == ["deshuffling", "prefix_lm"]


def test_which_architectures_fit():
    """Only a language model can start from nothing; all else fits every model."""
    fits = {name: get_objective(name, vocab_size=VOCAB).architectures for name in NAMES}
    assert fits.pop("lm") == ("language_model",)
    everything = ("encoder_decoder", "shared", "half", "language_model", "prefix_lm")
    assert set(fits.values()) == {everything}
