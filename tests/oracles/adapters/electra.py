"""Which functions of the ELECTRA study and of lab answer for a reference case; names only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
import torch
import yaml
from torch.nn.utils import clip_grad_norm_

from lab import metrics
from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.finetuning.evaluate import summed_up
from lab.encoder.finetuning.plan import updates
from lab.encoder.finetuning.span_heads import span_loss
from lab.encoder.groups import FORMS, rate_factor
from lab.encoder.heads import Detection
from lab.encoder.pretraining import detection as shared
from lab.encoder.pretraining import drawing
from lab.encoder.pretraining import masking as lab_masking
from lab.encoder.pretraining.pieces import piece_losses, total
from lab.encoder.segments import cut_pair, two_segments
from lab.training.optimizers import get_optimizer
from lab.training.schedule import linear_decay
from run import NotCoveredError
from studies.electra import detection, flops
from studies.electra.model import generator
from sweeps.columns import Column

Case = Mapping[str, Any]
ROOT = Path(__file__).parents[3]


def given(case: Case) -> dict[str, Any]:
    """Input and arguments together."""
    return {**case["input"], **case["args"]}


def numbers(values: Any) -> torch.Tensor:
    """Plain values in the precision of the cases."""
    return torch.tensor(values, dtype=torch.float64)


# -- masking -------------------------------------------------------------------------------------


def counts(case: Case) -> Any:
    at = given(case)
    longest, rate = at["max_seq_length"], at["mask_prob"]
    return {
        "cap": drawing.most_positions(longest, rate),
        "chosen": drawing.how_many(at["tokens"], rate, longest).tolist(),
    }


def candidates(case: Case) -> Any:
    at = given(case)
    ids, real = np.array([at["input_ids"]]), np.array([at["input_mask"]], dtype=bool)
    special = [at[name] for name in ("cls", "sep", "mask")]
    return lab_masking.candidates(ids, real, special)[0].nonzero()[0].tolist()


def distinct(case: Case) -> Any:
    at = given(case)
    return drawing.distinct_positions(at["candidates"], at["draws"])


def written(case: Case) -> Any:
    at = given(case)
    ids, positions = np.array([at["input_ids"]]), np.array([at["positions"]])
    return lab_masking.write(ids, positions, at["mask"])[0].tolist()


def both_networks(case: Case) -> Any:
    at = given(case)
    ids, positions = np.array([at["input_ids"]]), np.array([at["positions"]])
    targets = np.take_along_axis(ids, positions, 1)
    shown = np.where(np.array([at["shown_as_mask"]], dtype=bool), at["mask"], targets)
    corrupted = shared.placed(
        torch.tensor(ids),
        torch.tensor(positions),
        torch.ones(positions.shape, dtype=torch.bool),
        torch.tensor([at["sampled"]]),
    )
    return {
        "generator_input": lab_masking.write(ids, positions, shown)[0].tolist(),
        "generator_targets": targets[0].tolist(),
        "discriminator_input": corrupted[0].tolist(),
        "replaced": (corrupted != torch.tensor(ids))[0].int().tolist(),
    }


def sampled(case: Case) -> Any:
    at = given(case)
    logits, uniform = numbers(at["logits"]), numbers(at["uniform"])
    return {t: int(shared.sample(logits, uniform, t)) for t in at["temperatures"]}


# -- losses --------------------------------------------------------------------------------------


def mean(losses: torch.Tensor, counted: torch.Tensor) -> float:
    return float(total(losses, counted.bool()) / counted.sum())


def detector_loss(case: Case, counted: str) -> Any:
    at = given(case)
    logits, replaced, counts = (numbers(at[name]) for name in ("logits", "replaced", counted))
    return mean(shared.detection_losses(logits, replaced), counts)


def masked_loss(case: Case) -> Any:
    at = given(case)
    losses = piece_losses(numbers(at["logits"]), torch.tensor(at["targets"]))
    return mean(losses, numbers(at["weights"]))


def reference_points(case: Case) -> Any:
    at = given(case)
    weight = at["disc_weight"]
    constant = [detection.constant_answer(share) for share in at["replaced_shares"]]
    return {
        "ln_vocab": detection.untrained_loss(at["vocab"], 0.0),
        "untrained_total": detection.untrained_loss(at["vocab"], weight),
        "constant_discriminator": constant,
        f"times_{weight:g}": [weight * loss for loss in constant],
    }


def gate(case: Case) -> Any:
    at = given(case)
    chances = numbers(at["softmax"]).log()
    copies = numbers(at["copy_probability"]).logit().expand_as(chances)
    read = torch.arange(len(chances)) == at["input_token"]
    losses = detection.gated_losses(chances, copies, read)
    return {
        "p": (-losses).exp().tolist(),
        "nll": [float(losses[target]) for target in at["targets"]],
    }


def rewards(case: Case) -> Any:
    at = given(case)
    replaced = ~torch.tensor(at["sample_is_right"])
    return shared.detection_losses(-numbers(at["D"]).logit(), replaced).tolist()


def question_answering(case: Case) -> Any:
    at = given(case)
    names = ("start_loss", "end_loss", "impossible_logit", "impossible")
    return float(span_loss(*(numbers(at[name]) for name in names)))


# -- model, optimizer ----------------------------------------------------------------------------


def parameters(case: Case) -> Any:
    found = {}
    for name, sizes in given(case)["embedding_hidden_layers_ff_heads"].items():
        embedding, width, layers, feed_forward, heads = sizes
        config = EncoderConfig(
            vocabulary=30_522,
            width=width,
            layers=layers,
            heads=heads,
            feed_forward=feed_forward,
            embedding=embedding,
        )
        with torch.device("meta"):
            sizes = [
                sum(p.numel() for p in part.parameters())
                for part in (Encoder(config), Detection(config))
            ]
        found[name] = {"encoder_with_embeddings": sizes[0], "with_head": sum(sizes)}
    return found


def generators(case: Case) -> Any:
    found = []
    for width, fraction in given(case)["hidden_fraction"]:
        config = EncoderConfig(
            vocabulary=30_522,
            width=width,
            layers=12,
            heads=max(1, width // 64),
            feed_forward=4 * width,
            embedding=width,
        )
        made = generator(config, fraction)
        found.append(
            {
                "hidden": made.width,
                "ff": made.feed_forward,
                "heads": made.heads,
                "valid": not made.complaints(),
            }
        )
    return found


def rates(case: Case) -> Any:
    at = given(case)
    rate = linear_decay(at["total"], at["warmup"])
    return [at["learning_rate"] * rate(step) for step in at["steps"]]


def layer_factors(case: Case) -> Any:
    at = given(case)
    layers = at["layers"]

    def factor(name: str, form: str) -> float:
        kind, _, number = name.partition("_")
        depth = {"embeddings": 0, "task": layers + 1}.get(kind)
        return rate_factor(int(number) + 1 if depth is None else depth, layers, at["decay"], form)

    return {form: {n: factor(n, form) for n in case["expected"][form]} for form in FORMS}


def one_step(case: Case) -> Any:
    at = given(case)
    weight = torch.nn.Parameter(numbers([at["parameter"]]))
    weight.grad = numbers([at["gradient"]])
    get_optimizer(
        "adamw",
        [weight],
        lr=at["learning_rate"],
        betas=(at["beta1"], at["beta2"]),
        eps=at["epsilon"],
        weight_decay=at["weight_decay"],
    ).step()
    return weight.item()


def clipped(case: Case) -> Any:
    at = given(case)
    parts = [torch.nn.Parameter(torch.zeros(len(one)).double()) for one in at["gradients"]]
    for part, gradient in zip(parts, at["gradients"], strict=True):
        part.grad = numbers(gradient)
    norm = clip_grad_norm_(parts, at["clip"])
    return {"norm": float(norm), "clipped": [p.grad.tolist() for p in parts if p.grad is not None]}


# -- FLOPs ---------------------------------------------------------------------------------------


def operations(case: Case) -> Any:
    shape = partial(flops.Shape, vocabulary=given(case)["vocab"])
    base = shape(width=768, layers=12, length=512)
    small_generator = shape(width=256, layers=12, length=512, embedding=768)
    large = shape(width=1024, layers=24, length=512)
    known = {
        "bert_small_1.45M": lambda: flops.training(
            shape(width=256, layers=12, length=128, embedding=128), batch=128, updates=1.45e6
        ),
        "bert_base_1M": lambda: flops.training(base, batch=256, updates=1e6),
        "electra_base_766K": lambda: flops.electra(
            base, small_generator, batch=256, updates=766_000
        ),
        "electra_400K": lambda: flops.electra(
            large,
            shape(width=256, layers=24, length=512, embedding=1024),
            batch=2048,
            updates=400_000,
        ),
    }
    strangers = set(case["expected"]) - set(known)
    if strangers:
        raise NotCoveredError(f"asks for {', '.join(sorted(strangers))}")
    return {name: known[name]() for name in case["expected"]}


def fractions(case: Case) -> Any:
    at = given(case)
    parts = [at["full"] * share for share in at["fractions"]]
    return {"flops": parts, "speedup": [round(at["bert_base"] / part) for part in parts]}


# -- scores, data --------------------------------------------------------------------------------


def glue() -> Column:
    """The average of the columns that the study's suite has for GLUE's development sets."""
    suite = yaml.safe_load((ROOT / "conf/electra/suite/glue.yaml").read_text())
    groups = [group for column in suite["columns"] for group in column["terms"]]
    terms = tuple(tuple(tuple(term.split(".")) for term in group) for group in groups)
    return Column(name=suite["average"], terms=terms, average=True)


def dev_average(case: Case) -> Any:
    scores: dict[str, dict[str, float]] = {}
    for name, value in case["input"].items():
        task, _, metric = name.partition(".")
        scores.setdefault(f"glue_{task}", {})[metric] = value
    used = [".".join(term).removeprefix("glue_") for group in glue().terms for term in group]
    return {"used": used, "average": glue().value(dict.fromkeys(scores, scores))}


def table_average(case: Case) -> Any:
    terms = [term for group in glue().terms for term in group]
    return {
        row: glue().value(
            {
                task: {task: {metric: value}}
                for (task, metric), value in zip(terms, values, strict=True)
            }
        )
        for row, values in case["input"].items()
    }


def medians(case: Case) -> Any:
    runs = case["input"]["runs"]
    found = {
        task: summed_up([{"score": value} for value in values], "median")["score"]
        for task, values in runs.items()
    }
    return {
        "medians": found,
        "mean_of_medians": fmean(found.values()),
        "median_of_means": median(fmean(run) for run in zip(*runs.values(), strict=True)),
    }


def matthews(case: Case) -> Any:
    at = given(case)
    return [metrics.matthews(at["true"], one)["mcc"] for one in at["predicted"]]


def segments(case: Case) -> Any:
    at = given(case)
    found = {}
    for coin in at["coin"]:
        first, second = two_segments(
            [[1] * length for length in at["sentence_lengths"]],
            at["max_length"],
            one_segment=at["one_segment"],
            coin=lambda coin=coin: coin,  # type: ignore[misc]
        )
        found[f"coin_{str(coin).lower()}"] = {
            "first": len(first),
            "second": len(second),
            "total_with_specials": len(first) + len(second) + 3,
            "segment_ones": len(second) + 1,
        }
    return found


def pairs(case: Case) -> Any:
    at = given(case)
    return [list(cut_pair(first, second, at["max_tokens"])) for first, second in at["lengths"]]


def finetuning_updates(case: Case) -> Any:
    at = given(case)
    return {
        task: updates(examples, batch=at["batch"], epochs=epochs, orders=orders)
        for task, (examples, epochs, orders) in at["examples_epochs_orders"].items()
    }


ADAPTERS: list[tuple[str, str, Callable[[Case], Any]]] = [
    ("masking", "^how many positions", counts),
    ("masking", "may be chosen", candidates),
    ("masking", "with replacement", distinct),
    ("masking", "^writing", written),
    ("labels", "both networks", both_networks),
    ("sampling", "^Gumbel", sampled),
    ("loss", "^discriminator", partial(detector_loss, counted="input_mask")),
    ("loss", "^generator", masked_loss),
    ("loss", "^reference points", reference_points),
    ("objectives", "^ELECTRA 15%", partial(detector_loss, counted="chosen")),
    ("objectives", "^All-Tokens", gate),
    ("objectives", "^adversarial", rewards),
    ("model", "^parameters", parameters),
    ("model", "^generator shape", generators),
    ("schedule", "^pre-training rate", rates),
    ("schedule", "^fine-tuning steps", finetuning_updates),
    ("layerwise", "", layer_factors),
    ("optimizer", "^one step", one_step),
    ("optimizer", "clipping", clipped),
    ("flops", "^training operations", operations),
    ("flops", "^fractions", fractions),
    ("averaging", "^GLUE average", table_average),
    ("averaging", "^which metrics", dev_average),
    ("averaging", "^median", medians),
    ("metrics", "^Matthews", matthews),
    ("data", "^two segments", segments),
    ("data", "^fine-tuning pairs", pairs),
    ("finetuning", "^question answering", question_answering),
]
