"""Greedy and beam decoding: with our cache, without one, and by Hugging Face's generate.

    python benchmarks/decoding.py [--size micro] [--examples 256] [--length 64] [--threads 1]

One model, one process; every way of decoding takes its turn in each repeat. With one CPU thread the
process's own time is taken, so that a busy machine does not show.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from lab.allocator import keep_freed_memory
from lab.kernels.operations import operations
from lab.text_to_text.config import SIZES
from lab.text_to_text.generation import EOS, decode
from t5study.model import build_model, save_huggingface

WARMING = 4
"""Inputs that every way decodes before its time counts."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="micro", choices=SIZES)
    parser.add_argument("--examples", type=int, default=256)
    parser.add_argument("--source", type=int, default=128, help="tokens of the longest input")
    parser.add_argument("--length", type=int, default=64, help="tokens written for each")
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    keep_freed_memory()
    torch.manual_seed(0)
    model = build_model(size=chosen.size, vocab_size=chosen.vocabulary).eval()
    with torch.no_grad():
        model.embedding[EOS] = 0.0  # never the likeliest: every way writes the full length
    peer = hugging_face(model).to(chosen.device)
    model.to(chosen.device)
    lengths = torch.randint(chosen.source // 4, chosen.source + 1, (chosen.examples,))
    inputs = [
        [*torch.randint(3, chosen.vocabulary, (n - 1,)).tolist(), EOS] for n in lengths.tolist()
    ]

    ways: dict[str, Callable[[], list[list[int]]]] = {
        "ours, greedy": lambda: decode(model, inputs, chosen.length),
        "Hugging Face generate, greedy": lambda: by_batch(
            inputs, lambda ids: generated(peer, ids, chosen.length, 1), chosen.device
        ),
        "ours, beam of 4": lambda: decode(model, inputs, chosen.length, width=4),
        "Hugging Face generate, beam of 4": lambda: by_batch(
            inputs, lambda ids: generated(peer, ids, chosen.length, 4), chosen.device
        ),
        "ours without the cache, greedy": lambda: by_batch(
            inputs, lambda ids: uncached(model, ids, chosen.length), chosen.device
        ),
    }
    own_time = chosen.device == "cpu" and chosen.threads == 1
    clock = time.process_time if own_time else time.perf_counter
    kind = torch.device(chosen.device).type
    mixed = torch.autocast(kind, dtype=torch.bfloat16, enabled=chosen.precision == "bf16")
    # What comes once a process, such as libraries and memory, is no way's own.
    every, inputs = inputs, inputs[:WARMING]
    with mixed:
        for run in ways.values():
            run()
    inputs = every
    outputs: dict[str, list[list[int]]] = {}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(chosen.repeats):
        for name, run in ways.items():
            begun = clock()
            with mixed:
                outputs[name] = run()
            seconds[name].append(clock() - begun)
            # Whoever is stopped before the table has what was measured by then.
            print(f"{name}: {seconds[name][-1]:.2f} s", flush=True)

    written = chosen.examples * chosen.length
    title = (
        f"{chosen.examples} inputs of {chosen.source // 4} to {chosen.source} tokens, "
        f"{chosen.length} written, {chosen.size}, {chosen.precision}, {chosen.device}, "
        f"threads: {chosen.threads}, torch {torch.__version__}"
    )
    table = Table(title=title)
    for column in ("decoding", "seconds (median)", "tokens/s", "ours is faster by", "same output"):
        table.add_column(column, justify="left" if column == "decoding" else "right")
    for name in ways:
        own = "ours, beam of 4" if name.endswith("beam of 4") else "ours, greedy"
        taken = statistics.median(seconds[name])
        same = sum(a == b for a, b in zip(outputs[name], outputs[own], strict=True))
        table.add_row(
            name,
            f"{taken:.2f}",
            f"{written / taken:,.0f}",
            f"{taken / statistics.median(seconds[own]):.1f}x",
            f"{same}/{chosen.examples}",
        )
    Console(width=120).print(table)


def hugging_face(model: torch.nn.Module) -> torch.nn.Module:
    """The same model as Hugging Face has it."""
    from transformers import T5ForConditionalGeneration

    with tempfile.TemporaryDirectory() as folder:
        save_huggingface(model, folder)  # type: ignore[arg-type]
        return T5ForConditionalGeneration.from_pretrained(folder).eval()


def by_batch(
    inputs: list[list[int]], write: Callable[[Tensor], list[list[int]]], device: str
) -> list[list[int]]:
    """Batches as `decode` makes them: the longest first, 16,384 padded input tokens each."""
    order = sorted(range(len(inputs)), key=lambda i: len(inputs[i]), reverse=True)
    outputs: list[list[int]] = [[] for _ in inputs]
    while order:
        longest = len(inputs[order[0]])
        batch, order = order[: 16384 // longest], order[16384 // longest :]
        ids = torch.tensor([inputs[i] + [0] * (longest - len(inputs[i])) for i in batch])
        for index, output in zip(batch, write(ids.to(device)), strict=True):
            outputs[index] = output
    return outputs


@torch.inference_mode()
def uncached(model, ids: Tensor, length: int) -> list[list[int]]:
    """Encode once, then read everything written so far again for each token."""
    real = (ids != 0).long()
    memory = model.encode(ids, real)
    written = ids.new_zeros(len(ids), 1)
    mask = operations(real).visible(torch.ones_like(written), real)
    for _ in range(length):
        features = model.decoder(
            model.embed(written),
            None,
            bidirectional=False,
            causal=True,
            memory=memory,
            memory_mask=mask,
        )
        written = torch.cat([written, model.head(features[:, -1:]).argmax(-1)], 1)
    return written[:, 1:].tolist()


@torch.inference_mode()
def generated(peer, ids: Tensor, length: int, beams: int) -> list[list[int]]:
    """Hugging Face's own loop with its own cache."""
    output = peer.generate(
        input_ids=ids,
        attention_mask=(ids != 0).long(),
        max_new_tokens=length,
        num_beams=beams,
        do_sample=False,
    )
    return output[:, 1:].tolist()


if __name__ == "__main__":
    main()
