"""A batch taken a few rows at a time: the losses, gradients and weights of the whole batch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning
import pytest
import torch
from trained import losses, weights

from lab.text_to_text.module import TextToText
from lab.training.module import micro_batches
from t5study.training import finetune, pretrain

Train = Callable[..., Path]
STEPS = 12
NARROW = {"architecture": "language_model", "num_layers": 2, "num_decoder_layers": 2}


class Watch(lightning.Callback):
    """Each step's gradients, how many rows went through the model at once, and the step count."""

    def __init__(self) -> None:
        self.gradients: list[dict[str, torch.Tensor]] = []
        self.rows: list[int] = []
        self.autocast: set[bool] = set()

    def on_train_start(self, trainer: Any, module: Any) -> None:
        features = module.model.features

        def watched(batch: Any) -> Any:
            self.rows.append(len(batch["decoder_loss_weights"]))
            return features(batch)

        module.model.features = watched
        next(module.model.parameters()).register_hook(self._note)

    def _note(self, gradient: torch.Tensor) -> None:
        self.autocast.add(torch.is_autocast_enabled("cpu"))

    def on_before_optimizer_step(self, trainer: Any, module: Any, optimizer: Any) -> None:
        named = module.model.named_parameters()
        self.gradients.append({n: p.grad.clone() for n, p in named if p.grad is not None})


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Watch]:
    """Have the next trainings be watched, each by the newest of these."""
    watches: list[Watch] = []

    def new() -> Watch:
        watches.append(Watch())
        return watches[-1]

    for stage in (pretrain, finetune):

        def fit(*given: Any, callbacks: Any = (), real: Any = stage.fit, **more: Any) -> None:
            real(*given, callbacks=[*callbacks, watches[-1]], **more)

        monkeypatch.setattr(stage, "fit", fit)
    return new


def close(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], by: float) -> bool:
    assert one.keys() == other.keys()
    return all(torch.allclose(one[name], other[name], rtol=0, atol=by) for name in one)


def assert_alike(whole: Path, parts: Path, file: str) -> None:
    """Losses and weights at the end are the same but for rounding."""
    assert losses(parts) == pytest.approx(losses(whole), abs=1e-6)
    assert close(weights(whole / file), weights(parts / file), 1e-6)


def plain(config: dict[str, Any], **model: Any) -> dict[str, Any]:
    """Without dropout, whose masks depend on the order in which they are drawn."""
    changed = config["model"] | {"dropout_rate": 0.0} | model
    return config | {"model": changed, "steps": STEPS, "hold": 10_000}


@pytest.mark.parametrize("model", [{}, NARROW], ids=["encoder_decoder", "language_model"])
@pytest.mark.parametrize("normalizer", ["padded", "tokens"])
def test_gradients_are_those_of_the_whole_batch(
    train: Train,
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    watch: Callable[[], Watch],
    model: dict[str, Any],
    normalizer: str,
) -> None:
    """To the rounding of sums in float64, for parts of one size and of two."""
    config = plain(pretrain_config, **model) | {"normalizer": normalizer, "precision": "64-true"}
    if model:
        config["objective"] = {"name": "lm"}
    given = {"vocabulary": data.vocabulary, "corpus": data.corpus}
    seen = watch()
    whole = train(pretrain.run, config, given, "whole")
    assert seen.rows == [8] * STEPS
    for size, rows in ((4, [4, 4]), (3, [3, 3, 2]), (1, [1] * 8), (99, [8])):
        parts = watch()
        out = train(pretrain.run, config, given, f"parts {size}", micro_batch_size=size)
        assert parts.rows == rows * STEPS
        assert len(parts.gradients) == STEPS
        # One rounding in the first step; AdaFactor then takes gradients in float32.
        assert close(seen.gradients[0], parts.gradients[0], 1e-14)
        for one, other in zip(seen.gradients, parts.gradients, strict=True):
            assert close(one, other, 1e-6)
        assert_alike(whole, out, "model.pt")


def test_parts_hold_different_numbers_of_tokens(
    train: Train,
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    finetune_config: dict[str, Any],
    toy_task: Any,
    watch: Callable[[], Watch],
) -> None:
    """So that a mean over the parts' own means would be wrong: the batches here show it."""
    config = plain(finetune_config | {"model": pretrain_config["model"]})
    config |= {"sentinels": 20, "normalizer": "tokens", "precision": "64-true"}
    counts: set[tuple[float, ...]] = set()
    step = TextToText.training_step

    def counted(module: TextToText, batch: Any, index: int) -> Any:
        parts = micro_batches(batch, 2)
        counts.add(tuple(float(part["decoder_loss_weights"].sum()) for part in parts))
        return step(module, batch, index)

    toy_task.preprocess = lambda raw: [
        {"inputs": raw["text"], "targets": raw["text"][: 3 + len(raw["text"]) % 9], "label": 0}
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TextToText, "training_step", counted)
        first = watch()
        whole = train(finetune.run, config, {"vocabulary": data.vocabulary}, "whole")
    assert any(len(set(count)) > 1 for count in counts)
    second = watch()
    parts = train(
        finetune.run, config, {"vocabulary": data.vocabulary}, "parts", micro_batch_size=2
    )
    assert second.rows == [2] * 4 * STEPS
    assert close(first.gradients[0], second.gradients[0], 1e-14)
    assert_alike(whole, parts, "last.pt")


def test_blocks_that_join_later_and_validation(
    train: Train,
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    finetune_config: dict[str, Any],
    toy_task: Any,
    watch: Callable[[], Watch],
) -> None:
    """Gradual unfreezing chooses the checkpoints it chose; a frozen block gets no gradient."""
    deep = {"num_layers": 2, "num_decoder_layers": 2}
    config = plain(finetune_config | {"model": pretrain_config["model"]}, **deep)
    config |= {"sentinels": 20, "method": {"name": "gradual_unfreezing"}, "steps": 20}
    seen, ends = [], []
    for size in (None, 3):
        seen.append(watch())
        given = {"vocabulary": data.vocabulary}
        ends.append(train(finetune.run, config, given, f"by {size}", micro_batch_size=size))
    assert [set(g) for g in seen[0].gradients] == [set(g) for g in seen[1].gradients]
    assert seen[0].gradients[0].keys() != seen[0].gradients[-1].keys()
    chosen = [json.loads((out / "selection.json").read_text()) for out in ends]
    assert chosen[0] == chosen[1]
    assert [entry["step"] for entry in chosen[0]["toy_color"]["validation"]] == [10, 20]
    assert close(weights(ends[0] / "last.pt"), weights(ends[1] / "last.pt"), 1e-5)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_interrupted_it_ends_bit_for_bit_alike(
    train: Train,
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    watch: Callable[[], Watch],
    precision: str,
) -> None:
    """Stopped twice on the way, with dropout; backward passes run without autocast."""
    config = pretrain_config | {"precision": precision}
    given = {"vocabulary": data.vocabulary, "corpus": data.corpus}
    seen = watch()
    whole = train(pretrain.run, config, given, "whole", micro_batch_size=3)
    broken = train(pretrain.run, config, given, "broken", stops=(13, 9), micro_batch_size=3)
    assert losses(whole) == losses(broken)
    one, other = weights(whole / "model.pt"), weights(broken / "model.pt")
    assert all(torch.equal(one[name], other[name]) for name in one)
    state = torch.load(whole / "model.pt", weights_only=False)["optimizer"]
    assert {of["step"] for of in state.values()} == {30}
    assert seen.autocast == {False}


@pytest.mark.parametrize("asked_then", [None, 4], ids=["none", "larger"])
def test_one_goes_on_with_the_micro_batches_one_began_with(
    train: Train,
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    watch: Callable[[], Watch],
    asked_then: int | None,
) -> None:
    """Bit for bit, with dropout, though no or larger ones are asked for when it goes on."""
    given = {"vocabulary": data.vocabulary, "corpus": data.corpus}
    watch()
    whole = train(pretrain.run, pretrain_config, given, "whole", micro_batch_size=3)
    seen = watch()
    broken = train(
        pretrain.run,
        pretrain_config,
        given,
        "broken",
        stops=(13,),
        execution_then={"micro_batch_size": asked_then},
        micro_batch_size=3,
    )
    assert set(seen.rows) == {2, 3}
    assert losses(whole) == losses(broken)
    one, other = weights(whole / "model.pt"), weights(broken / "model.pt")
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("begun_with", [None, 4], ids=["whole", "larger"])
def test_smaller_micro_batches_are_taken_at_once(
    train: Train,
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    watch: Callable[[], Watch],
    begun_with: int | None,
) -> None:
    """Where the batches that a training began with did not fit into memory, one types smaller."""
    given = {"vocabulary": data.vocabulary, "corpus": data.corpus}
    seen = watch()
    out = train(
        pretrain.run,
        plain(pretrain_config) | {"steps": 30},
        given,
        "broken",
        stops=(13,),
        execution_then={"micro_batch_size": 2},
        micro_batch_size=begun_with,
    )
    before = 8 if begun_with is None else 4
    assert seen.rows == [before] * (13 * 8 // before) + [2] * 4 * 17
    assert_alike(
        train(pretrain.run, plain(pretrain_config) | {"steps": 30}, given, "whole"), out, "model.pt"
    )


def test_in_bf16_parts_add_up_too(
    train: Train, data: SimpleNamespace, pretrain_config: dict[str, Any]
) -> None:
    """As close as rounding to 8 bits leaves it."""
    config = plain(pretrain_config) | {"precision": "bf16-mixed"}
    given = {"vocabulary": data.vocabulary, "corpus": data.corpus}
    whole = train(pretrain.run, config, given, "whole")
    parts = train(pretrain.run, config, given, "parts", micro_batch_size=3)
    assert losses(parts) == pytest.approx(losses(whole), abs=5e-3)
