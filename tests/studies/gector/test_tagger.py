"""The tagger: what it learns, that it goes on to the bit, cold epochs, patience, ensembles."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from stage_context import Context, Interrupted
from tiny_tagger import PAIRS, prepared, settings, tuned

from lab.encoder.config import EncoderConfig
from lab.training import fit
from lab.training.checkpoint import read
from studies.gector.__main__ import main
from studies.gector.model import new_encoder, new_tagger, sentence_losses
from studies.gector.tags.vocabulary import TagVocabulary
from studies.gector.training import evaluate, search

SIZE = 24
EVALUATED = {
    "kind": "basic",
    "iterations": 2,
    "min_len": 3,
    "scorer": "token_edits",
    "reading": {"tokens": 50, "per_word": 5},
    "batch_size": 16,
    "precision": "32-true",
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return prepared(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory, inputs: dict[str, Path]) -> Path:
    return tuned(tmp_path_factory.mktemp("learned"), settings(SIZE), inputs)


def weights(folder: Path) -> Mapping[str, torch.Tensor]:
    found: Mapping[str, torch.Tensor] = read(folder / "tagger.pt")["weights"]
    return found


def scores(folder: Path, inputs: Mapping[str, Path], *members: Path, **changes: Any) -> Any:
    folder.mkdir()
    config = {**EVALUATED, "task": "seen", "examples": None, "tweaks": {}, **changes}
    read = {f"member_{n}": member for n, member in enumerate(members)}
    read |= {"pairs": inputs["pairs"], "misspellings": inputs["misspellings"]}
    evaluate.run(config, read, folder, Context(folder / "work"))
    return json.loads((folder / "scores.json").read_text())["seen"]


def test_it_learns_32_pairs_by_heart(
    tmp_path: Path, inputs: dict[str, Path], learned: Path
) -> None:
    """All corrected, no right sentence touched; without a tag's probability nothing is."""
    assert scores(tmp_path / "plain", inputs, learned) == {
        "p": 100.0, "r": 100.0, "f05": 100.0, "edits": 24.0, "exact": 100.0,
        "spoiled": 0.0, "false_edits": 0.0,
    }  # fmt: skip
    kept = scores(tmp_path / "kept", inputs, learned, tweaks={"additional_confidence": 1.1})
    assert (kept["p"], kept["r"], kept["f05"], kept["edits"]) == (100.0, 0.0, 0.0, 0.0)
    both = scores(tmp_path / "both", inputs, learned, learned)
    assert both["f05"] == 100.0


def test_it_goes_on_to_the_bit(
    tmp_path: Path, inputs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in a cold epoch and in a warm one."""
    monkeypatch.setattr(fit, "SAVE_SHARE", 1.0)
    config = settings(SIZE, epochs=4, cold={"epochs": 2, "rate": 1e-2}, dropout=0.1)
    whole = weights(tuned(tmp_path / "whole", config, inputs))
    for stop_at in (3, 2):
        with pytest.raises(Interrupted):
            tuned(tmp_path / "parts", config, inputs, stop_at=stop_at)
    parts = weights(tuned(tmp_path / "parts", config, inputs))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_the_encoder_stands_still_in_cold_epochs(tmp_path: Path, inputs: dict[str, Path]) -> None:
    """And its heads do not; a stage that goes on begins with what was published."""
    cold = settings(SIZE, epochs=2, cold={"epochs": 2, "rate": 1e-2}, seed=3)
    first = tuned(tmp_path / "cold", cold, inputs)
    warm = {**cold, "epochs": 1, "cold": {"epochs": 0, "rate": 1e-2}}
    one_more = tuned(tmp_path / "more", warm | {"rate": 1e-9}, {**inputs, "before": first})
    begun = tuned(tmp_path / "begun", {**warm, "rate": 1e-9}, inputs)
    names = [name for name in weights(first) if name.startswith("encoder.")]
    assert all(
        torch.allclose(weights(first)[n], weights(begun)[n], rtol=0, atol=1e-7) for n in names
    )
    assert not torch.allclose(
        weights(first)["tag_head.weight"], weights(begun)["tag_head.weight"], atol=1e-3
    )
    for name, value in weights(first).items():
        assert torch.allclose(value, weights(one_more)[name], rtol=0, atol=1e-7)


def test_a_few_rows_at_once_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss of validation and the probabilities of all tags, to the bit in single precision."""
    encoder = new_encoder("transformer", EncoderConfig(**settings(SIZE)["encoder"]), seed=1)
    tags = TagVocabulary.of(Counter({f"$APPEND_{n}": 9 for n in range(70)}), size=67).tags
    model = new_tagger(encoder, tags, error_head=True, kind="transformer", seed=1).eval()
    drawn = torch.Generator().manual_seed(0)
    batch = {
        "tokens": torch.randint(5, SIZE, (21, 19), generator=drawn),
        "real": torch.ones(21, 19, dtype=torch.long),
        "at": torch.arange(13).repeat(21, 1),
        "words": (torch.arange(13) < torch.randint(1, 14, (21, 1), generator=drawn)).long(),
        "tags": torch.randint(0, len(tags), (21, 13), generator=drawn),
    }
    with torch.no_grad():
        logits = model(batch)
        whole = logits.tags.softmax(-1), logits.errors.softmax(-1)[..., 1]
        few = [torch.cat(parts) for parts in zip(*model.probabilities(batch), strict=True)]
        assert len([*model.probabilities(batch)]) == 2
        assert all(torch.equal(one, other) for one, other in zip(whole, few, strict=True))
        judged = sentence_losses(model, batch, 0.0)
        monkeypatch.setattr("studies.gector.model.ROWS_AT_ONCE", len(batch["tags"]))
        together = sentence_losses(model, batch, 0.0)
    assert all(torch.equal(one, other) for one, other in zip(judged, together, strict=True))


def test_patience_ends_a_training(tmp_path: Path, inputs: dict[str, Path]) -> None:
    """At a rate that only spoils, the first epoch is the best and two more are waited for."""
    config = settings(SIZE, rate=3.0, epochs=9, patience=2)
    out = tuned(tmp_path, config, inputs)
    told = json.loads((out / "epochs.json").read_text())
    best = [epoch["step"] for epoch in told["epochs"]].index(told["best"])
    assert len(told["epochs"]) < 9
    assert len(told["epochs"]) - 1 - best == 2


def test_without_an_error_head_the_tags_tell(tmp_path: Path, inputs: dict[str, Path]) -> None:
    out = tuned(tmp_path / "one", settings(SIZE, error_head=False), inputs)
    assert not [name for name in weights(out) if name.startswith("error_head")]
    found = scores(tmp_path / "scores", inputs, out, tweaks={"min_error_probability": 0.5})
    assert found["f05"] == 100.0


def test_a_search_never_does_worse_than_no_tweaks(
    tmp_path: Path, inputs: dict[str, Path], learned: Path
) -> None:
    """Its choice is what the evaluation takes."""
    config = {
        **EVALUATED,
        "trials": 6,
        "seed": 1,
        "each_tag": True,
        "most": {"confidence": 0.9, "minimum": 0.9},
    }
    out = tmp_path / "search"
    out.mkdir()
    read = {"validation": inputs["pairs"], "member_0": learned}
    search.run(config, read, out, Context(tmp_path / "work"))
    told = json.loads((out / "tweaks.json").read_text())
    assert len(told["trials"]) == 6
    assert told["trials"][0]["tweaks"]["additional_confidence"] == 0.0
    assert told["f"] == max(trial["f"] for trial in told["trials"]) == 1.0
    assert len(PAIRS) == 32


def test_floors_stand_beside_the_scores(
    tmp_path: Path, inputs: dict[str, Path], learned: Path
) -> None:
    """Nothing changed has no recall; looking up "eat" mends 8 of 24 edits."""
    scores(tmp_path / "one", inputs, learned)
    nothing, look_up = (
        json.loads((tmp_path / "one" / file).read_text())["seen"]
        for file in ("nothing.json", "look_up.json")
    )
    assert (nothing["p"], nothing["r"], nothing["f05"]) == (100.0, 0.0, 0.0)
    assert look_up["p"] == 100.0
    assert look_up["r"] == pytest.approx(100 * 8 / 24)


def test_a_file_is_corrected_line_by_line(
    tmp_path: Path, learned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As many lines, blank ones and spaces as they were; by a folder or by a key's beginning."""
    text = "ann  eat bread .\n\n\tbob eats rice .  \nhen eats eats fish ."
    given, made = tmp_path / "given.txt", tmp_path / "made.txt"
    given.write_text(text)
    store = tmp_path / "store"
    (store / "tune").mkdir(parents=True)
    (store / "tune" / "abcdef").symlink_to(learned)
    for model in (str(learned), "abc"):
        words = ["correct", str(given), "--model", model, "--out", str(made), "--store", str(store)]
        assert main(words) == 0
        assert made.read_text() == "ann  eats bread .\n\n\tbob eats rice .  \nhen eats fish ."
        assert "4 lines, 2 of them changed" in capsys.readouterr().out


def test_a_wrong_model_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No key, a folder without a tagger: what was given and what to type, and no file."""
    given = tmp_path / "given.txt"
    given.write_text("ann eat bread .\n")
    assert main(["correct", str(given), "--model", "abc", "--store", str(tmp_path)]) == 2
    assert "--model abc: neither a folder nor a key." in capsys.readouterr().err
    assert main(["correct", str(given), "--model", str(tmp_path)]) == 2
    assert "no trained tagger" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["given.txt"]
