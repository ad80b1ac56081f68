"""What the benchmarks do on a GPU, driven on a CPU as far as that goes."""

from __future__ import annotations

import importlib
import queue
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

from lab.text_to_text.config import model_config
from lab.text_to_text.flops import parameters

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


class Line:
    """One end of a pipe between threads."""

    def __init__(self, incoming: queue.Queue, outgoing: queue.Queue) -> None:
        self.send, self.recv = outgoing.put, incoming.get

    @classmethod
    def pair(cls) -> tuple[Line, Line]:
        one, other = queue.Queue(), queue.Queue()
        return cls(one, other), cls(other, one)

    def close(self) -> None:
        """The thread's end stays open when its starter lets go of it."""


@pytest.fixture
def t5(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """benchmarks/contestants_t5.py."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("contestants_t5")


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """benchmarks/training.py, whose processes are threads."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = importlib.import_module("training")
    threads = SimpleNamespace(Pipe=Line.pair, Process=threading.Thread)
    monkeypatch.setattr(module, "multiprocessing", SimpleNamespace(get_context=lambda _: threads))
    return module


def pretended(pipe, case, contestant, threads) -> None:
    """A process whose GPU holds three rows, and which takes no time."""
    contestants = sys.modules["contestants"]
    if case.batch > 3:
        pipe.send(None)
        return
    pipe.send(contestants.Ready(parameters=7, loss=2.0))
    while steps := pipe.recv():
        pipe.send((0.5 * steps, 0.5 * steps, case.batch))


def test_a_batch_that_does_not_fit_is_halved(training, t5, monkeypatch):
    monkeypatch.setattr(training, "serve", pretended)
    case = t5.T5Case(size="base", batch=12)
    entry = training.start(case, t5.GPU_CONTESTANTS[0], 1, 1)
    assert entry.case.batch == 3
    training.stop(entry)
    assert not entry.processes[0].is_alive()


def test_marks_say_what_is_reached(training, t5):
    """Our fastest entry beside 1.5 times the best peer, and beside an H200's peak."""
    case = t5.T5Case(size="base", batch=100)
    peer, ours = t5.GPU_CONTESTANTS[:2]
    entries = [
        training.Entry(peer, case, [], [], None, [6.0]),
        training.Entry(ours, case, [], [], None, [9.5]),
    ]
    assert training.marks(case, entries, "NVIDIA H200") == [
        "reached: 1.5 times the best peer, 900 sequences/s; ours: 950",
        "reached: 40% of an H200's peak, 931 sequences/s; ours: 950",
        "missed: 50% of an H200's peak, 1,163 sequences/s; ours: 950",
    ]
    assert len(training.marks(case, entries, "NVIDIA A100")) == 1


def test_each_program_of_a_gpu_is_told_when_it_is_measured(training, t5, monkeypatch, capsys):
    """A run that is stopped before the table has shown them."""
    monkeypatch.setattr(training, "serve", pretended)
    case = t5.T5Case(size="base", batch=3)
    timing = {"processes": 1, "threads": 1, "repeats": 1, "seconds": 1.0, "together": False}
    training.compare(case, t5.GPU_CONTESTANTS[:1], **timing)
    assert capsys.readouterr().out == (
        "base, V 8192, 3 x (128 + 32) tokens: Hugging Face, SDPA: 6 sequences/s\n"
    )


def test_programs_are_chosen_by_words_of_their_names(training, t5):
    """A peer and one of ours at least: the table compares."""
    one = training.Comparison(t5.CPU_CASE, t5.CPU_CONTESTANTS, "both")
    found = training.chosen(one, ["Face, SDPA", "broadcast"])
    assert [c.name for c in found] == ["Hugging Face, SDPA", "ours, masks broadcast"]
    with pytest.raises(SystemExit, match=r"--only: name a peer and one of ours\. There are 'Hugg"):
        training.chosen(one, ["ours"])


def test_the_table_compares_with_peers_as_they_are_and_with_memory_kept(training, t5, capsys):
    """A peer that keeps memory is no script's speed: it has a column of its own."""
    case = t5.T5Case(size="pico", vocab_size=512, batch=2)
    named = {c.name: c for c in t5.CPU_CONTESTANTS}
    rates = {
        "Hugging Face, eager": 4.0,
        "Hugging Face, SDPA": 5.0,
        "SDPA, memory kept": 6.25,
        "ours, element-wise dropout": 10.0,
    }
    entries = [training.Entry(named[n], case, [None], [], None, [r]) for n, r in rates.items()]
    training.show(case, entries, "both", (1e12, "said"))
    rows = [line.split("│") for line in capsys.readouterr().out.splitlines() if line[:1] == "│"]
    ratios = {row[1].strip(): [cell.strip() for cell in row[-3:-1]] for row in rows}
    assert ratios["Hugging Face, eager"] == ["0.80x", "0.64x"]
    assert ratios["SDPA, memory kept"] == ["1.25x", "1.00x"]
    assert ratios["ours, element-wise dropout"] == ["2.00x", "1.60x"]
    training.show(case, [entries[0], entries[3]], "without", (1e12, "said"))
    assert "memory kept" not in capsys.readouterr().out


def test_nano_t5_s_models_are_v1_1_s(t5):
    """Parameters of the published v1.1 models, in millions."""
    for size, millions in (("small", 77.0), ("base", 247.6), ("large", 783.2)):
        settings = t5.nano_t5(size, compiled=True).settings
        assert parameters(model_config(size=size, **settings)) / 1e6 == pytest.approx(
            millions, abs=0.1
        )


@pytest.mark.slow
def test_contestants_of_the_gpu_table_train(training, t5):
    """Each for itself, one after the other, at a tiny size: the same model and loss, bfloat16."""
    contestants = [c for c in t5.GPU_CONTESTANTS if not c.compiled]
    contestants.insert(0, t5.nano_t5("pico", compiled=False))
    case = t5.T5Case(size="pico", vocab_size=512, batch=4, source=48, target=20, precision="bf16")
    case = training.replace(case, settings=t5.HEADLINE)
    entries = training.compare(
        case, contestants, processes=1, threads=1, repeats=2, seconds=0.01, together=False
    )
    assert [len(entry.rates) for entry in entries] == [2] * 4
    assert all(rate > 0 for entry in entries for rate in entry.rates)
    assert entries[1].ready.loss == pytest.approx(entries[2].ready.loss, abs=0.02)
    assert entries[0].ready.parameters > entries[1].ready.parameters
    training.show(case, entries, "tiny", (1e12, "said"))


def test_nano_t5_s_optimizer_scales_adam_by_the_weight(t5):
    """The first step is the gradient's sign times the rate and the weight's root mean square."""
    optimizer_of = t5.AdamWScale
    weight = torch.nn.Parameter(torch.full((4, 4), 2.0))
    weight.grad = torch.linspace(1, 2, 16).view(4, 4)
    optimizer_of([weight], lr=0.01).step()
    torch.testing.assert_close(weight.detach(), torch.full((4, 4), 2.0 - 0.01 * 2.0))
