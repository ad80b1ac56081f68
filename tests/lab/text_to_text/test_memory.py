"""The memory that a plan states against what a model on the meta device has and keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate

import pytest
import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.profiler import ProfilerActivity, profile
from torch.testing._internal.distributed.fake_pg import FakeStore

from lab.kernels.loss import CHUNK
from lab.memory import STACKED, TrainingMemory, updated
from lab.text_to_text.config import model_config
from lab.text_to_text.flops import parameters
from lab.text_to_text.memory import LOGITS, parameter_shapes, training_memory
from lab.training.optimizers import adafactor
from lab.training.optimizers.adafactor import Adafactor, factored_dims
from t5study.model import build_model

SOURCE, TARGET = 512, 114


@pytest.fixture
def world() -> Iterator[int]:
    """Sixteen devices that exist in name only; this process is the first."""
    dist.init_process_group("fake", rank=0, world_size=16, store=FakeStore())
    try:
        yield 16
    finally:
        dist.destroy_process_group()


@contextmanager
def counted(model: torch.nn.Module) -> Iterator[list[int]]:
    """Bytes that the backward pass will need, parameters not counted, each storage once."""
    own = {p.untyped_storage()._cdata for p in model.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}
    total = [0]

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own and storage._cdata not in kept:
            kept[storage._cdata] = storage
            total[0] += storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield total


def features(model: torch.nn.Module, batch: int) -> torch.Tensor:
    def ones(length: int) -> torch.Tensor:
        return torch.ones(batch, length, dtype=torch.long, device="meta")

    return model.features(  # type: ignore[operator, no-any-return]
        {
            "encoder_input_tokens": ones(SOURCE),
            "encoder_segment_ids": ones(SOURCE),
            "decoder_input_tokens": ones(TARGET),
            "decoder_segment_ids": ones(TARGET),
        }
    )


def moments(shapes: list[torch.Size]) -> int:
    """Bytes of AdaFactor's state for parameters of these shapes."""
    entries = 0
    for shape in shapes:
        dims = factored_dims(shape, 128)
        entries += shape.numel() if dims is None else sum(shape.numel() // shape[d] for d in dims)
    return 4 * entries


@pytest.mark.parametrize("size", ["3b", "11b"])
@pytest.mark.parametrize("architecture", ["encoder_decoder", "shared", "prefix_lm"])
def test_shapes_are_the_model_s(size: str, architecture: str):
    """Every parameter is counted, and so is every entry of the optimizer's state."""
    model = build_model(architecture, size, device="meta")
    real = [p.shape for p in model.parameters()]
    stated = parameter_shapes(model.config)
    assert sorted(map(tuple, real)) == sorted(stated.elements())
    memory = training_memory(model.config, source=SOURCE, target=TARGET, batch=1)
    assert memory.parameters == 4 * parameters(model.config)
    assert memory.optimizer == moments(real)


@pytest.mark.parametrize("size", ["small", "3b", "11b"])
@pytest.mark.parametrize("batch", [1, 8])
def test_activations_are_within_15_percent(size: str, batch: int):
    """What 24 blocks keep, loss aside, on the meta device in float32."""
    model = build_model(size=size, device="meta").train()
    with counted(model) as total:
        features(model, batch)
    config = model.config
    stated = training_memory(
        config, source=SOURCE, target=TARGET, batch=batch, precision="32-true"
    ).activations
    logits = min(LOGITS, batch * TARGET * config.vocab_size)
    loss = 12 * logits + 4 * config.vocab_size * config.d_model
    assert stated - loss == pytest.approx(total[0], rel=0.15)


@pytest.mark.parametrize("size", ["3b", "11b"])
def test_shards_are_within_15_percent(size: str, world: int):
    """Parameters and optimizer's state of one of 16 devices, after fully_shard block by block."""
    model = build_model(size=size, device="meta")
    mesh = init_device_mesh("cpu", (world,))
    for stack in (model.encoder, model.decoder):
        for block in stack.blocks:
            fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
    shards = [p.to_local().shape for p in model.parameters()]
    memory = training_memory(
        model_config(size=size), source=SOURCE, target=TARGET, batch=1, devices=world
    )
    held = 4 * sum(shape.numel() for shape in shards)
    assert memory.parameters == pytest.approx(held, rel=0.15)
    assert memory.optimizer == pytest.approx(moments(shards), rel=0.15)
    whole = held * 2 + moments(shards)
    stated = memory.parameters + memory.gradients + memory.optimizer
    assert stated == pytest.approx(whole, rel=0.15)
    assert held < 4 * parameters(model_config(size=size)) / (world - 1)


def test_recomputing_keeps_what_enters_the_blocks():
    """A tenth of the activations, for the price of one block more at a time."""
    config = model_config(size="3b")

    def memory(recompute: bool) -> int:
        said = training_memory(config, source=SOURCE, target=TARGET, batch=8, recompute=recompute)
        return said.activations + said.working

    assert memory(True) < 0.3 * memory(False)


def test_more_devices_take_less_of_each():
    """Down to what every device must hold: a gathered block, the embedding, activations."""
    config = model_config(size="11b")
    totals = [
        training_memory(config, source=SOURCE, target=TARGET, batch=1, devices=n).total
        for n in (1, 2, 4, 8, 16)
    ]
    assert totals == sorted(totals, reverse=True)
    assert totals[0] > 90e9 > 40e9 > totals[-1]


def test_a_micro_batch_counts_with_its_own_rows_and_all_gradients():
    """The activations of the largest part, and beside them the gradients of those before."""
    config = model_config(size="base")

    def of(batch: int, rows: int | None = None) -> TrainingMemory:
        return training_memory(
            config, source=SOURCE, target=TARGET, batch=batch, micro_batch_size=rows
        )

    whole, parts = of(16), of(128, 16)
    assert parts.activations == whole.activations
    assert parts.total == whole.total + whole.gradients
    assert of(128, 128) == of(128, 999) == of(128)
    # 128 rows in parts of at most 50: 43, 43 and 42.
    assert of(128, 50).activations == of(43).activations
    assert of(128, 1).total < of(128, 16).total < of(128).total


def test_what_is_worked_on_at_once_is_what_the_training_says():
    assert CHUNK["cuda"] == LOGITS
    assert adafactor.STACKED == STACKED


def test_an_update_takes_what_is_stated():
    """Tensors live at once: four copies of what is stacked, three of one parameter alone."""
    for shapes in ([(64, 64)] * 5 + [(100, 64)], [(64, 64), (300, 100)]):
        parameters = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]
        for parameter in parameters:
            parameter.grad = torch.randn_like(parameter)
        optimizer = Adafactor(parameters)
        optimizer.step()
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
            optimizer.step()
        counts = Counter(shapes)
        stated = max(updated(shape, count) for shape, count in counts.items())
        assert most(seen) == pytest.approx(stated, rel=0.05)


def most(seen: profile) -> int:
    """Bytes of the most tensors that were live at once."""
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    return max(accumulate(e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())))


def test_parameters_beyond_the_stacked_entries_are_updated_alike(monkeypatch: pytest.MonkeyPatch):
    """In pieces as all at once."""
    found = []
    for entries in (1 << 26, 2 * 64 * 32, 1):
        monkeypatch.setattr(adafactor, "STACKED", entries)
        torch.manual_seed(0)
        parameters = [torch.nn.Parameter(torch.randn(64, 32)) for _ in range(5)]
        optimizer = Adafactor(parameters)
        for _ in range(2):
            for parameter in parameters:
                parameter.grad = torch.randn_like(parameter)
            optimizer.step()
        found.append(torch.stack([p.detach() for p in parameters]))
    torch.testing.assert_close(found[1], found[0], rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(found[2], found[0], rtol=1e-6, atol=1e-7)
