"""Two processes train as one does: the same losses, weights and choices, cut short or not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
WAYS_TO_SHARE = ("ddp", "fsdp")
MODEL = {
    "architecture": "encoder_decoder",
    "vocab_size": 128,
    "d_model": 16,
    "d_ff": 32,
    "d_kv": 8,
    "num_heads": 2,
    "num_layers": 2,
    "num_decoder_layers": 2,
    # Masks depend on who draws them.
    "dropout_rate": 0.0,
}
PRETRAIN = {
    "model": MODEL,
    "sentinels": 20,
    "objective": {"name": "iid", "noise_density": 0.15, "targets_style": "released"},
    "corpus_tokens": None,
    "mixture": None,
    "inputs_length": 24,
    "targets_length": 16,
    "batch_size": 8,
    "steps": 20,
    "hold": 10_000,
    "ramp": 0.0,
    "z_loss": 1e-4,
    "normalizer": "padded",
    "seed": 3,
    "precision": "32-true",
}
TASKS = {"toy_color": {"settings": {}, "data": {}}}
FINETUNE = {
    "tasks": TASKS,
    "validation": TASKS,
    "mixing": None,
    "method": {"name": "all"},
    "inputs_length": 16,
    "targets_length": 4,
    "batch_size": 8,
    "packing": False,
    "steps": 20,
    "learning_rate": 0.01,
    "checkpoint_every": 10,
    "validation_examples": 12,
    "train_examples": None,
    "z_loss": 1e-4,
    "normalizer": "padded",
    "seed": 5,
    "precision": "32-true",
}
TOKENS = {"normalizer": "tokens"}
SHARED = {"model": {**MODEL, "architecture": "shared", "num_layers": 2}}
ADAPTERS = {"method": {"name": "adapters", "adapter_dim": 4, "norms": "all"}}
UNFREEZING = {"method": {"name": "gradual_unfreezing"}}


class Results:
    """What the runs left, by their names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def out(self, name: str) -> Path:
        return self.folder / name / "out/0"

    def ended(self, name: str) -> list[str]:
        return [path.read_text() for path in sorted((self.folder / name).glob("out/ended*"))]

    def losses(self, name: str) -> list[float]:
        lines = (self.out(name) / "metrics.csv").read_text().splitlines()[1:]
        assert len(lines) == 2
        return [float(line.split(",")[1]) for line in lines]

    def weights(self, name: str, file: str = "model.pt") -> dict[str, torch.Tensor]:
        return self.content(name, file)["weights"]

    def content(self, name: str, file: str = "model.pt") -> dict[str, Any]:
        content: dict[str, Any] = torch.load(self.out(name) / file, weights_only=False)
        assert {type(value) for value in content["weights"].values()} == {torch.Tensor}
        return content

    def chosen(self, name: str) -> dict[str, Any]:
        chosen: dict[str, Any] = json.loads((self.out(name) / "selection.json").read_text())
        return chosen["toy_color"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, data: SimpleNamespace) -> Results:
    """Everything that is compared, by three processes in all: starting one takes longest."""
    folder = tmp_path_factory.mktemp("team")
    ports = []
    held = [socket.socket() for _ in range(40)]
    for one in held:
        one.bind(("127.0.0.1", 0))
        ports.append(one.getsockname()[1])
    for one in held:
        one.close()

    def run(
        name: str,
        changed: Mapping[str, Any],
        strategy: str | None = None,
        *,
        parent: str | None = None,
        after: str | None = None,
        stop_at: int = 0,
        break_at: int = 0,
        **execution: Any,
    ) -> dict[str, Any]:
        (folder / name / "work").mkdir(parents=True)
        inputs = {"vocabulary": str(data.vocabulary)}
        inputs |= (
            {"pretrain": f"{folder}/{parent}/out/0"} if parent else {"corpus": str(data.corpus)}
        )
        return {
            "stage": "finetune" if parent else "pretrain",
            "config": {**(FINETUNE if parent else PRETRAIN), **changed},
            "inputs": inputs,
            "out": str(folder / name / "out"),
            "work": str(folder / name / "work"),
            "earlier": [str(folder / after / "work")] if after else [],
            "strategy": strategy,
            "world": 2,
            "port": ports.pop(),
            "stop_at": stop_at,
            "break_at": break_at,
            "execution": execution,
        }

    alone = [
        run("padded", {}),
        run("tokens", TOKENS),
        run("shared", SHARED),
        run("tuned", {}, parent="padded"),
        run("adapters", ADAPTERS, parent="padded"),
        run("unfreezing", UNFREEZING, parent="padded"),
    ]
    two = []
    for strategy in WAYS_TO_SHARE:
        two += [
            run(f"padded {strategy}", {}, strategy),
            run(f"tokens {strategy}", TOKENS, strategy),
            run(f"stopped {strategy}", TOKENS, strategy, stop_at=13),
            run(f"resumed {strategy}", TOKENS, strategy, after=f"stopped {strategy}"),
            run(f"tuned {strategy}", {}, strategy, parent="padded"),
            run(f"broken {strategy}", {}, strategy, parent="padded", break_at=13),
            run(f"mended {strategy}", {}, strategy, parent="padded", after=f"broken {strategy}"),
            run(f"padded {strategy} by 3", {}, strategy, micro_batch_size=3),
            run(f"tokens {strategy} by 1", TOKENS, strategy, micro_batch_size=1),
        ]
    two += [
        run("shared fsdp", SHARED, "fsdp"),
        run("adapters fsdp", ADAPTERS, "fsdp", parent="padded"),
        run("unfreezing ddp", UNFREEZING, "ddp", parent="padded"),
        run("unfreezing ddp by 3", UNFREEZING, "ddp", parent="padded", micro_batch_size=3),
        run("other strategy", TOKENS, "fsdp", after="stopped ddp"),
    ]
    start(folder, alone, world=1)
    start(folder, two, world=2)
    start(folder, [run("fewer", TOKENS, after="stopped fsdp")], world=1)
    return Results(folder)


def start(folder: Path, runs: list[dict[str, Any]], world: int) -> None:
    """Train the runs in so many processes, and wait for them."""
    file = folder / f"runs{len(list(folder.iterdir()))}.json"
    file.write_text(json.dumps(runs))
    running = [
        subprocess.Popen(
            [sys.executable, str(HERE / "one_rank.py"), str(file), str(rank)],
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}", "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(world)
    ]
    try:
        said = [one.communicate(timeout=1500)[0] for one in running]
    finally:
        for one in running:
            one.kill()
    assert [one.returncode for one in running] == [0] * world, "\n".join(said)


def close(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    assert one.keys() == other.keys()
    return all(torch.allclose(one[name], other[name], rtol=0, atol=1e-5) for name in one)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("strategy", WAYS_TO_SHARE)
@pytest.mark.parametrize(
    ("name", "parts"), [("padded", ""), ("tokens", ""), ("padded", " by 3"), ("tokens", " by 1")]
)
def test_two_processes_pretrain_as_one(
    results: Results, strategy: str, name: str, parts: str
) -> None:
    """Losses, weights and second moments to 1e-5, whatever the loss is divided by.

    Also where each process takes its four rows in parts.
    """
    two = f"{name} {strategy}{parts}"
    assert results.losses(two) == pytest.approx(results.losses(name), abs=1e-5)
    assert close(results.weights(name), results.weights(two))
    moments = results.content(two)["optimizer"]
    for parameter, state in results.content(name)["optimizer"].items():
        assert state["step"] == moments[parameter]["step"] == 20
        other = moments[parameter]["second_moment"]
        assert torch.allclose(state["second_moment"], other, atol=1e-5)


@pytest.mark.parametrize("strategy", WAYS_TO_SHARE)
def test_stopped_on_the_way_they_end_bit_for_bit_alike(results: Results, strategy: str) -> None:
    """Stopped between two logged steps and gone on with in another folder."""
    assert results.ended(f"stopped {strategy}") == ["stopped", "stopped"]
    whole, resumed = f"tokens {strategy}", f"resumed {strategy}"
    assert results.losses(whole) == results.losses(resumed)
    assert same(results.weights(whole), results.weights(resumed))


@pytest.mark.parametrize("strategy", WAYS_TO_SHARE)
def test_they_choose_the_checkpoint_that_one_chooses(results: Results, strategy: str) -> None:
    """The lead validates with whole weights; a lead that breaks takes the others with it."""
    two, mended = f"tuned {strategy}", f"mended {strategy}"
    assert results.losses(two) == pytest.approx(results.losses("tuned"), abs=1e-5)
    assert results.chosen(two) == results.chosen("tuned")
    assert [entry["step"] for entry in results.chosen(two)["validation"]] == [10, 20]
    for file in {"last.pt", results.chosen(two)["best"]}:
        assert close(results.weights("tuned", file), results.weights(two, file))
        assert same(results.weights(two, file), results.weights(mended, file))
    assert results.ended(f"broken {strategy}") == [
        "the lead breaks",
        "The lead of this stage's processes left; see its log.",
    ]
    assert results.chosen(mended) == results.chosen(two)


def test_the_lead_alone_publishes(results: Results) -> None:
    """Of the other process, no file."""
    assert results.ended("padded fsdp") == ["done", "done"]
    for name in ("padded ddp", "padded fsdp", "tuned ddp", "tuned fsdp"):
        assert list((results.folder / name / "out/1").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["shared fsdp", "adapters fsdp", "unfreezing ddp", "unfreezing ddp by 3"]
)
def test_parts_that_are_used_twice_or_not_always_train(results: Results, name: str) -> None:
    """Shared blocks, frozen parameters under FSDP; blocks that join later under DDP."""
    one = name.split()[0]
    file = "model.pt" if one == "shared" else "last.pt"
    assert results.losses(name) == pytest.approx(results.losses(one), abs=1e-5)
    assert close(results.weights(one, file), results.weights(name, file))


@pytest.mark.parametrize("name", ["other strategy", "fewer"])
def test_a_checkpoint_is_for_any_number_of_processes(results: Results, name: str) -> None:
    """One of DDP is gone on with by FSDP, one of two processes by one alone."""
    assert results.losses(name) == pytest.approx(results.losses("tokens"), abs=1e-5)
    assert close(results.weights(name), results.weights("tokens"))
