"""Which functions of the ALBERT study and of lab answer for a reference case; names only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import yaml
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_

from lab.corpora.tokenized import TokenizedCorpus
from lab.datasets.named.race import ending
from lab.encoder.config import ACTIVATIONS, EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.finetuning.kinds import choice
from lab.encoder.finetuning.plan import warmup_updates, whole_updates
from lab.encoder.finetuning.windows import place_in, window_of, windows_of
from lab.encoder.groups import ratio_groups
from lab.encoder.heads import Pooler
from lab.encoder.lines import Lines
from lab.encoder.rows import RowsOfText, chunk_ends
from lab.encoder.segments import SPECIALS, cut_pair
from lab.encoder.vocabulary import begins_word
from lab.training.optimizers import get_optimizer, lamb
from lab.training.schedule import linear_decay
from reports.published.scores import mean_of, rounded
from run import NotCoveredError
from studies.albert import masking, networks, pairs, race
from studies.albert.batches import masked_pairs
from studies.albert.sentence_losses import get_sentence_loss

Case = Mapping[str, Any]
ROOT = Path(__file__).parents[3]
DRAWS = 200_000
"""Of what is a matter of chance."""
SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[MASK]")


def given(case: Case) -> dict[str, Any]:
    """Input and arguments together."""
    return {**case["input"], **case["args"]}


def numbers(values: Any) -> torch.Tensor:
    """Plain values in the precision of the cases."""
    return torch.tensor(values, dtype=torch.float64)


def lines_of(documents: list[list[list[int]]]) -> Lines:
    """Documents of lines of pieces, where padding is 0, [CLS] 1 and [SEP] 2."""
    lines = [line for document in documents for line in document]
    tokens = np.array([piece for line in lines for piece in line], dtype=np.uint16)
    offsets = np.cumsum([0, *map(len, lines)])
    corpus = TokenizedCorpus((tokens,), np.array([0, len(tokens)]), offsets)
    bounds = np.cumsum([0, *map(len, documents)])
    return Lines(corpus, bounds, {"pad": 0, "cls": 1, "sep": 2})


# -- masking -------------------------------------------------------------------------------------


def probabilities(case: Case) -> Any:
    return masking.probabilities(case["input"]["max_n"]).tolist()


def mean_lengths(case: Case) -> Any:
    return [masking.mean_length(longest) for longest in case["input"]["max_n"]]


def counts(case: Case) -> Any:
    at = given(case)
    return masking.how_many(at["tokens"], at["rate"], at["cap"]).tolist()


def words(case: Case) -> Any:
    row = case["input"]["pieces"]
    known = sorted(set(row))
    ids = np.array([[known.index(piece) for piece in row]])
    inside = np.array([[piece not in SPECIAL for piece in row]])
    begins = np.array([begins_word(piece) for piece in known])
    found = masking.words_of(ids, inside, begins, across=True)[0]
    return [np.flatnonzero(found == word).tolist() for word in range(found.max() + 1)]


def chosen(case: Case) -> Any:
    at = given(case)
    of_row = np.full((1, at["words"][-1][-1] + 2), masking.NOWHERE)
    for number, word in enumerate(at["words"]):
        of_row[0, word] = number
    found = masking.choose(
        masking.Words.of(of_row, across=True),
        np.array([at["budget"]]),
        np.array([at["order"]]),
        np.array([at["lengths"]]),
    )[0]
    return sorted(place for word in np.flatnonzero(found) for place in at["words"][word])


def replacement(case: Case) -> Any:
    pieces, settings = case["input"]["ngram_pieces"], masking.Masking()
    return {
        "all_shown_as_mask": settings.masked**pieces,
        "all_kept": (1.0 - settings.masked - settings.random) ** pieces,
        "loss_positions": pieces,
    }


def invariants(case: Case) -> Any:
    """What is expected, as far as it holds for many rows of random words."""
    at, expected = given(case), case["expected"]
    rng = np.random.default_rng(0)
    tokens = rng.integers(4, 50, size=(300, at["length"]))
    tokens[:, 0] = 1
    tokens[np.arange(300), rng.integers(2, at["length"] - 2, size=300)] = 2
    ends = rng.integers(at["length"] // 2, at["length"], size=(300, 1))
    real = np.arange(at["length"]) < ends
    tokens = np.where(real, tokens, 0)
    begins = np.arange(50) % 3 > 0
    vocabulary = SimpleNamespace(special=frozenset(range(4)), size=50, mask=3)
    settings = masking.Masking(rate=at["rate"], most=at["cap"])
    read = {
        "tokens": tokens,
        "real": real,
        "types": np.zeros_like(tokens),
        "label": np.zeros(300, dtype=np.int64),
    }
    batch = masked_pairs(read, settings, rng, pieces=vocabulary, begins=begins)
    drawn, used = batch["drawn"], batch["used"]
    held = np.zeros(tokens.shape, dtype=bool)
    held[np.nonzero(used)[0], drawn[used]] = True
    inside = real & (tokens > 3)
    of_words = masking.words_of(tokens, inside, begins)
    whole = all(
        len({*held[row][of_words[row] == word]}) == 1
        for row in range(300)
        for word in range(of_words[row].max() + 1)
    )
    ordered = all((np.diff(row[there]) > 0).all() for row, there in zip(drawn, used, strict=True))
    holds = {
        "positions": ordered and bool(inside[held].all()),
        "word": whole,
        "labels": bool((batch["targets"][used] == tokens[held]).all()),
        "unchosen_pieces": bool((batch["tokens"][~held] == tokens[~held]).all()),
    }
    return {
        **{name: expected[name] if value else "does not hold" for name, value in holds.items()},
        "count_at_most": int(used.sum(1).max()),
        "padding_of_unused_slots": {
            "position": int(drawn[~used].max(initial=0)),
            "label": int(batch["targets"][~used].max(initial=0)),
            "weight": float(used[~used].max(initial=False)),
        },
    }


# -- pairs ---------------------------------------------------------------------------------------


def chunks(case: Case) -> Any:
    at = given(case)
    offsets = np.cumsum([0, *at["sentence_lengths"]])
    last, found = len(offsets) - 1, [0]
    while found[-1] < last:
        end = chunk_ends(offsets, np.array(found[-1:]), np.array([at["target"]]), np.array([last]))
        found.append(int(end[0]))
    return [[*range(one, end)] for one, end in pairwise(found)]


def order(case: Case) -> Any:
    at = given(case)
    names = ["[PAD]", "[CLS]", "[SEP]", *(piece for line in at["chunk"] for piece in line)]
    lines = lines_of([[[names.index(piece) for piece in line] for line in at["chunk"]]])
    middle = int(lines.corpus.offsets[at["first_part_sentences"]])
    of_chunk = pairs.Pairs(
        first=np.array([[0, middle]]),
        second=np.array([[middle, len(lines.corpus)]]),
        foreign=np.array([False]),
    )
    found = {}
    for name, swap in (("in_order", False), ("swapped", True)):
        swapped = np.array([swap])
        rows = RowsOfText(lines, pairs.stretches_of(*pairs.placed(of_chunk, swapped)))
        read = rows.read(np.array([0]))
        found[name] = {
            "tokens": [names[piece] for piece in read["tokens"][0]],
            "types": read["types"][0].tolist(),
            "label": int(get_sentence_loss("sop").label(of_chunk.foreign, swapped)[0]),
        }
    return found


def outcomes(case: Case) -> Any:
    """By convention, what is expected where just that came about, in the released way."""
    single, double = ([[3, 4, 5]] * 400, [[3, 4, 5], [6, 7]] * 1)
    documents = [[[*line]] for line in single] + [[*double] for _ in range(400)]
    lines = lines_of(documents)
    starts = lines.corpus.offsets[lines.documents]
    found: dict[str, dict[str, str]] = {}
    for convention, name in (("released order swap", "sop"), ("released next sentence", "nsp")):
        rng = np.random.default_rng(0)
        made = pairs.paired(lines, get_sentence_loss(name), 100, 0.0, "foreign", rng)
        home = np.searchsorted(starts, made.first[:, 0], side="right") - 1
        ones = (home < 400) & made.foreign
        lone = bool(ones.sum() == 400)
        other = np.searchsorted(starts, made.second[:, 0], side="right") - 1
        apart = bool(((other != home) == made.foreign).all())
        label = get_sentence_loss(name).label(made.foreign, np.zeros_like(made.foreign))
        labelled = bool((label == made.foreign).all())
        begun = made.first[(home >= 400)]
        again = np.unique(begun[:, 0]).size - 400
        two = made.foreign[(home >= 400) & (made.first[:, 0] == starts[home])]
        halves = 0.4 < two.mean() < 0.6
        swaps = get_sentence_loss(name).swapped == 0.5 and not two.any() and not again
        read_again = get_sentence_loss(name).swapped == 0.0 and halves and again == two.sum()
        expected = case["expected"][convention]
        right = {"1": lone and apart and labelled, "2": swaps if name == "sop" else read_again}
        found[convention] = {
            size: expected[size] if right[size] else "something else" for size in expected
        }
    return found


def lengths(case: Case) -> Any:
    at = given(case)
    return [
        list(cut_pair(first, second, total))
        for (first, second), total in zip(at["pairs"], at["total"], strict=True)
    ]


def targets(case: Case) -> Any:
    at, expected = given(case), case["expected"]
    most = at["max_seq_length"] - SPECIALS
    rng = np.random.default_rng(0)
    drawn = pairs.targets_of(DRAWS, most, at["short_rate"], rng)
    short = pairs.targets_of(DRAWS, most, 1.0, rng)
    lines = lines_of([[[3, 4]] * 300] * 60)
    made = pairs.paired(lines, get_sentence_loss("sop"), 40, 0.5, "leave_out", rng)
    sizes = made.second[:, 1] - made.first[:, 0]
    starts = lines.corpus.offsets[lines.documents]
    home = np.searchsorted(starts, made.first[:, 0], side="right") - 1
    last = made.second[:, 1] == starts[home + 1]
    alike = all(len({*sizes[(home == one) & ~last]}) <= 1 for one in range(60))
    even = abs(short.mean() - (2 + most) / 2) < 1.0
    share = abs((drawn < most).mean() - at["short_rate"]) < 0.005
    return {
        "usual": int(np.median(drawn)),
        "short": f"uniform integer from {short.min()} to {short.max()}, both ends possible"
        if even and share
        else "something else",
        "applies_to": expected["applies_to"] if alike else "something else",
    }


# -- model ---------------------------------------------------------------------------------------


def config_of(model: Mapping[str, Any], args: Mapping[str, Any]) -> EncoderConfig:
    return EncoderConfig(
        vocabulary=args["vocabulary"],
        width=model["hidden"],
        layers=model["layers"],
        heads=model["hidden"] // 64,
        feed_forward=4 * model["hidden"],
        embedding=model["embedding"],
        positions=args["positions"],
        types=args["types"],
        sharing=model["sharing"],
    )


def parameters(case: Case) -> Any:
    found = []
    for model in case["input"]["models"]:
        with torch.device("meta"):
            whole = networks.Networks(config_of(model, case["args"]))
        encoder, pooler, every = (
            sum(value.numel() for value in part.parameters())
            for part in (whole.encoder, whole.pooler, whole)
        )
        found.append(
            {
                "encoder": encoder,
                "with_pooler": encoder + pooler,
                "with_pretraining_heads": every,
            }
        )
    return found


def groups(case: Case) -> Any:
    shape = EncoderConfig(
        vocabulary=9,
        width=8,
        layers=case["input"]["layers"],
        heads=1,
        feed_forward=8,
        embedding=8,
        sharing="groups",
    )
    return [
        [group for group, _ in replace(shape, groups=count).parts]
        for count in case["input"]["groups"]
    ]


def gelu(case: Case) -> Any:
    return F.gelu(numbers(case["input"]["x"]), approximate=ACTIVATIONS["gelu_tanh"]).tolist()


def operations(case: Case) -> Any:
    """What is expected, as far as the parts do just that, to the digits of double precision."""
    torch.manual_seed(0)
    shape = EncoderConfig(
        vocabulary=30,
        width=16,
        layers=1,
        heads=2,
        feed_forward=32,
        embedding=8,
        activation="gelu_tanh",
    )
    model = networks.Networks(shape).double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    encoder, head = model.encoder, model.masked
    tokens, types = torch.randint(30, (2, 5)), torch.randint(2, (2, 5))
    table = encoder.embeddings
    summed = table.word[tokens] + table.kind[types] + table.position[:5]
    embedded = F.layer_norm(summed, (8,), table.norm.weight, table.norm.bias, shape.epsilon)
    assert encoder.map is not None
    x = F.linear(embedded, encoder.map.weight, encoder.map.bias)
    attention, ffn = encoder.attentions[0], encoder.feed_forwards[0]
    q, k, v = F.linear(x, attention.inward.weight, attention.inward.bias).chunk(3, -1)
    q, k, v = (one.unflatten(-1, (2, 8)).transpose(1, 2) for one in (q, k, v))
    mixed = ((q @ k.mT / 8**0.5).softmax(-1) @ v).transpose(1, 2).flatten(2)
    x1 = attention.norm(x + attention.outward(mixed))
    x2 = ffn.norm(x1 + ffn.down(F.gelu(ffn.up(x1), approximate="tanh")))
    found = encoder(tokens, types)
    inner = head.norm(F.gelu(head.dense(x2[0]), approximate="tanh"))
    pooled = torch.tanh(model.pooler.dense(x2[:, 0]))
    same_width = Encoder(replace(shape, embedding=16))
    right = {
        "embedding": torch.allclose(table(tokens, None, types), embedded)
        and same_width.map is None,
        "layer": torch.allclose(found, x2),
        "no_final_norm": torch.allclose(found, x2),
        "pooler": torch.allclose(model.pooler(found[:, 0]), pooled)
        and isinstance(model.pooler, Pooler),
        "mlm_head": torch.allclose(head(x2[0], table), inner @ table.word.T + head.bias),
        "order_head": model.sentence(pooled).shape == (2, 2),
    }
    return {name: case["expected"][name] if right[name] else None for name in case["expected"]}


def pretraining_loss(case: Case) -> Any:
    """The study's loss, of networks whose heads say what is given."""
    at = given(case)
    rows = len(at["sentence_labels"])
    slots = -(-len(at["mlm_labels"]) // rows)
    fill = rows * slots - len(at["mlm_labels"])
    logits = F.pad(numbers(at["mlm_logits"]), (0, 0, 0, fill)).view(rows, slots, -1)
    right = F.pad(torch.tensor(at["mlm_labels"]), (0, fill)).view(rows, slots)
    used = F.pad(torch.tensor(at["mlm_weights"]).bool(), (0, fill)).view(rows, slots)
    said: Any = SimpleNamespace(
        sentences=True,
        encoder=EncoderStub(),
        masked=lambda *_: logits,
        pooler=lambda vectors: vectors,
        sentence=lambda _: numbers(at["sentence_logits"]),
    )
    batch = {
        "tokens": torch.zeros(rows, 4, dtype=torch.long),
        "types": None,
        "real": None,
        "drawn": torch.zeros(rows, slots, dtype=torch.long),
        "targets": right,
        "used": used,
        "label": torch.tensor(at["sentence_labels"]),
        "slots": numbers([float(used.sum())] * rows),
        "share": numbers([1 / rows] * rows),
    }
    _, reported = networks.loss(said, batch)  # type: ignore[arg-type]
    whole, mlm, _, sentence, _ = reported.tolist()
    return {"mlm": mlm, "sentence": sentence, "total": whole}


class EncoderStub:
    """Vectors that nobody looks at."""

    embeddings = None

    def __call__(self, tokens: torch.Tensor, *_: Any, at: torch.Tensor, **__: Any) -> torch.Tensor:
        return torch.zeros(*at.shape, 1)


# -- optimizers ----------------------------------------------------------------------------------


def rates(case: Case) -> Any:
    at = given(case)
    rate = linear_decay(at["total"], at["warmup"], through_warmup=False)
    return [at["peak"] * rate(step) for step in at["steps"]]


def updates(case: Case) -> Any:
    at = given(case)
    steps = [
        whole_updates(examples, batch=batch, epochs=epochs)
        for examples, batch, epochs in zip(at["examples"], at["batch"], at["epochs"], strict=True)
    ]
    return [[each, warmup_updates(each, 0.1)] for each in steps]


def stepped(case: Case, name: str, **settings: Any) -> list[float]:
    """The weights after the case's updates."""
    at = given(case)
    weight = torch.nn.Parameter(numbers(at["weights"]))
    made = get_optimizer(
        name,
        [weight],
        betas=(at["beta1"], at["beta2"]),
        eps=at["epsilon"],
        weight_decay=at["weight_decay"],
        **settings,
    )
    for gradient, rate in zip(at["gradients"], at["rates"], strict=True):
        weight.grad = numbers(gradient)
        made.param_groups[0]["lr"] = rate
        made.step()
    return weight.tolist()


def lamb_steps(case: Case) -> Any:
    ratios: list[float] = []
    plain = lamb.trust_ratios

    def noted(*args: Any) -> torch.Tensor:
        found = plain(*args)
        ratios.extend(found.tolist())
        return found

    lamb.trust_ratios = noted
    try:
        weights = stepped(case, "lamb", trust_ratio=case["args"]["trust_ratio"])
    finally:
        lamb.trust_ratios = plain
    return {"weights": weights, "trust_ratios": ratios or [1.0] * len(case["input"]["rates"])}


OURS = {
    "bert/embeddings/word_embeddings": "encoder.embeddings.word",
    "bert/embeddings/LayerNorm/gamma": "encoder.embeddings.norm.weight",
    "bert/encoder/embedding_hidden_mapping_in/kernel": "encoder.map.weight",
    "bert/encoder/embedding_hidden_mapping_in/bias": "encoder.map.bias",
    "cls/predictions/output_bias": "masked.bias",
    "bert/pooler/dense/kernel": "pooler.dense.weight",
}
"""The released names."""


def excluded(case: Case) -> Any:
    model = networks.Networks(
        EncoderConfig(vocabulary=9, width=8, layers=1, heads=1, feed_forward=8, embedding=4)
    )
    names = {id(value): name for name, value in model.named_parameters()}
    decay = 0.01
    without = {
        names[id(value)]
        for group in ratio_groups(model, rate=1.0, weight_decay=decay)
        if not group["trust_ratio"] and not group["weight_decay"]
        for value in group["params"]
    }
    asked, known = case["input"]["names"], {*names.values()}
    if strangers := [name for name in asked if OURS.get(name) not in known]:
        raise NotCoveredError(f"asks for {', '.join(strangers)}")
    return [OURS[name] in without for name in asked]


def clipped(case: Case) -> Any:
    at = given(case)
    parts = [torch.nn.Parameter(torch.zeros(len(one)).double()) for one in at["gradients"]]
    for part, gradient in zip(parts, at["gradients"], strict=True):
        part.grad = numbers(gradient)
    clip_grad_norm_(parts, at["norm"])
    return [part.grad.tolist() for part in parts if part.grad is not None]


# -- scores, data --------------------------------------------------------------------------------


def averages(case: Case) -> Any:
    about = yaml.safe_load((ROOT / "reports/published/albert/tables.yaml").read_text())
    found = []
    for row in case["input"]["rows"]:
        record = dict(zip(case["input"]["columns"], row, strict=True))
        mean = mean_of(record, about["averages"]["avg"]) or Decimal("NaN")
        found.append([float(mean), float(rounded(mean, 1))])
    return found


def race_accuracy(case: Case) -> Any:
    at = given(case)
    if at["questions"] != dict(race.TEST_QUESTIONS):
        raise NotCoveredError("asks for other numbers of questions")
    return [
        race.accuracy({"middle": middle, "high": high})
        for middle, high in zip(at["middle"], at["high"], strict=True)
    ]


def endings(case: Case) -> Any:
    at = case["input"]
    return [ending(*one) for one in zip(at["questions"], at["options"], strict=True)]


def race_rows(case: Case) -> Any:
    at = given(case)
    found = []
    for passage, of_ending in zip(at["passage"], at["ending"], strict=True):
        context, kept = choice.cut(passage, of_ending, at["max_seq_length"])
        found.append(
            {
                "context": context,
                "ending": kept,
                "length": context + kept + SPECIALS,
                "first_type": context + 2,
                "second_type": kept + 1,
            }
        )
    return found


def windows(case: Case) -> Any:
    at = given(case)
    return [
        [list(one) for one in windows_of(pieces, at["max_seq_length"] - SPECIALS - q, at["stride"])]
        for pieces, q in zip(at["paragraph"], at["question"], strict=True)
    ]


def best_windows(case: Case) -> Any:
    at = given(case)
    return window_of([tuple(one) for one in at["windows"]], np.array(at["pieces"])).tolist()


def window_targets(case: Case) -> Any:
    at = given(case)
    found = []
    for answer in at["answers"]:
        held = place_in(tuple(at["window"]), tuple(answer), at["question"] + 2)
        found.append([*(held or (0, 0)), int(held is None)])
    return found


ADAPTERS: list[tuple[str, str, Callable[[Case], Any]]] = [
    ("ngram", "^probability", probabilities),
    ("ngram", "^mean", mean_lengths),
    ("masking", "^how many", counts),
    ("masking", "^chosen positions", chosen),
    ("masking", "^replacement", replacement),
    ("masking", "^invariants", invariants),
    ("words", "", words),
    ("pairs", "^consecutive sentences", chunks),
    ("pairs", "^sentence order", order),
    ("pairs", "^what a chunk", outcomes),
    ("pairs", "^lengths after cutting", lengths),
    ("pairs", "^target lengths", targets),
    ("parameters", "", parameters),
    ("groups", "", groups),
    ("model", "^GELU", gelu),
    ("model", "^order of operations", operations),
    ("loss", "^pre-training", pretraining_loss),
    ("schedule", "", rates),
    ("finetuning", "^updates", updates),
    ("lamb", "^which parameters", excluded),
    ("lamb", "^gradients are clipped", clipped),
    ("lamb", "", lamb_steps),
    ("adamw", "", lambda case: stepped(case, "adamw")),
    ("average", "^Avg", averages),
    ("average", "^RACE", race_accuracy),
    ("race", "^question", endings),
    ("race", "^lengths", race_rows),
    ("squad", "^windows", windows),
    ("squad", "^the window", best_windows),
    ("squad", "^training target", window_targets),
]
