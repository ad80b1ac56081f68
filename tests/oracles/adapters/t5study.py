"""Which functions of the T5 study and of lab answer for a reference case; names only, no answers.

Each adapter takes a case and gives the value to compare; `expected` is looked at for its names,
which say what of a richer result is asked for.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lab import metrics, noise, pieces
from lab.corpora.cleaning import clean_page
from lab.corpora.crawl.lines import drop_duplicate_lines
from lab.kernels.loss import cross_entropy
from lab.kernels.masks import decoder_mask, segment_mask
from lab.text_to_text.generation import length_penalty
from lab.training.optimizers.adafactor import second_moment_decay
from lab.training.schedule import constant, inverse_square_root
from run import NotCoveredError
from t5study.batching import Layout, make_autoregressive_inputs, pack
from t5study.mixing import mixing_rates
from t5study.model import build_model, relative_position_bucket
from t5study.objectives import get_objective, spans
from t5study.tasks import get_task
from t5study.tasks.labels import format_example, label_index
from t5study.tasks.suites import SUITES, column_value
from t5study.tasks.superglue import join_highlights
from t5study.tasks.text import pad_punctuation

Case = Mapping[str, Any]
SEED = 0


def given(case: Case) -> dict[str, Any]:
    """Input and arguments together, where the input has names."""
    named = case["input"] if isinstance(case["input"], Mapping) else {}
    return {**named, **case["args"]}


def asked(case: Case, facts: Mapping[str, Any]) -> Any:
    """Of named facts those that the case has names for."""
    strangers = set(case["expected"]) - set(facts)
    if strangers:
        raise NotCoveredError(f"asks for {', '.join(sorted(strangers))}")
    return {name: facts[name] for name in case["expected"]}


# -- noise, lengths, prefix_lm -------------------------------------------------------------------


def spans_function(case: Case) -> Any:
    """A function of tokens, noise mask and vocabulary, by its name in the case."""
    (name,) = re.findall(rf"^({SPAN_FUNCTIONS})", case["case"])
    values = given(case)
    made = getattr(spans, name)(values["tokens"], values["noise_mask"], values["vocab_size"])
    return made.tolist()


def denoise(case: Case) -> Any:
    values = given(case)
    arguments = values["tokens"], values["noise_mask"], values["vocab_size"]
    inputs = getattr(spans, values.get("inputs_fn", "noise_span_to_unique_sentinel"))(*arguments)
    targets = getattr(spans, values.get("targets_fn", "nonnoise_span_to_unique_sentinel"))
    return {"inputs": inputs.tolist(), "targets": targets(*arguments).tolist()}


def permutation(case: Case) -> Any:
    tokens = np.array(case["input"]["tokens"])
    mask = np.array(case["input"]["noise_mask"], dtype=bool)
    made = [
        spans.permute_noise_tokens(tokens, mask, np.random.default_rng(seed)) for seed in range(50)
    ]
    kept = np.all([one == tokens for one in made], axis=0)
    (noisy,) = {tuple(sorted(one[~kept].tolist())) for one in made}
    facts = {
        "non_noise_positions_unchanged": np.flatnonzero(kept).tolist(),
        "multiset_of_noise_positions": list(noisy),
    }
    return asked(case, facts)


def random_tokens(case: Case) -> Any:
    """What random ids take the place of noise: their least and largest, and what stays."""
    values = given(case)
    tokens = np.array(values["tokens"])
    mask = np.array(values["noise_mask"], dtype=bool)
    share = 1.0 if "or_sentinel" not in case["case"] else values.get("random_prob", 0.1)
    made = np.array(
        [
            spans.noise_token_to_random_token_or_sentinel(
                tokens, mask, values["vocab_size"], np.random.default_rng(seed), random_share=share
            )
            for seed in range(2000)
        ]
    )
    facts = {
        "non_noise_positions_unchanged": np.flatnonzero((made == tokens).all(axis=0)).tolist(),
        "min": int(made[:, mask].min()),
        "max": int(made[:, mask].max()),
        "range": [int(made[:, mask].min()), int(made[:, mask].max())],
    }
    return asked(case, facts)


def mask_facts(case: Case, masks: np.ndarray) -> Any:
    """One mask as numbers, or what holds of many (N, L)."""
    if isinstance(case["expected"], list):
        return masks[0].astype(int).tolist()
    if isinstance(case["expected"], int):
        return int(masks[0].sum())
    starts = np.diff(masks.astype(int), axis=1, prepend=0) == 1
    counts, runs = masks.sum(axis=1), starts.sum(axis=1)
    ends = (counts.min(), counts.max())
    even = len(masks) / (ends[1] - ends[0] + 1)
    drawn = np.bincount(counts)[ends[0] :]
    uniform = bool(np.abs(drawn - even).max() < 5 * np.sqrt(even))
    facts = {
        "first": alike(masks[:, :1].all(axis=1)),
        "last": alike(masks[:, -1:].all(axis=1)),
        "is_prefix": bool((masks[:, 1:] <= masks[:, :-1]).all()),
        "any": alike(masks.any(axis=1)),
        "num_input_tokens": f"uniform on {{{ends[0]}..{ends[1]}}}" if uniform else "not uniform",
    }
    for name in ("num_noise_tokens", "noise_tokens", "num_noise", "sum"):
        facts[name] = alike(counts)
    for name in ("num_noise_spans", "noise_spans", "num_spans", "spans"):
        facts[name] = alike(runs)
    return asked(case, facts)


def alike(values: np.ndarray) -> Any:
    """The one value that all have, or all of them that occur."""
    found = sorted(set(values.tolist()))
    return found[0] if len(found) == 1 else found


def random_mask(function: Callable[..., np.ndarray], *names: str) -> Callable[[Case], Any]:
    defaults = {"mean_noise_span_length": 3.0, "noise_density": 0.15}

    def of(case: Case) -> Any:
        values = {**defaults, **given(case)}
        rng = np.random.default_rng(SEED)
        arguments = [values[name] for name in names]
        return mask_facts(case, np.array([function(*arguments, rng) for _ in range(9000)]))

    return of


def span_counts(case: Case) -> Any:
    values = {"mean_noise_span_length": 3.0, **given(case)}
    tokens, runs = noise.random_spans_counts(
        values["length"], values["noise_density"], values["mean_noise_span_length"]
    )
    if isinstance(case["expected"], list):
        return [int(tokens), int(runs)]
    facts = dict.fromkeys(("num_noise_tokens", "noise_tokens", "tokens"), int(tokens))
    facts |= dict.fromkeys(("num_noise_spans", "noise_spans", "spans"), int(runs))
    return asked(case, facts)


def span_lengths(case: Case) -> Any:
    values = given(case)

    def lengths(**changed: float) -> list[int]:
        used = {"mean_noise_span_length": 3.0, "noise_density": 0.15, **values, **changed}
        return list(
            noise.random_spans_lengths(
                int(used["inputs_length"]), used["noise_density"], used["mean_noise_span_length"]
            )
        )

    if isinstance(case["expected"], list):
        return lengths()
    if all(re.fullmatch(r"[\d.]+", name) for name in case["expected"]):
        varied = "noise_density" if "mean_noise_span_length" in values else "mean_noise_span_length"
        return {name: lengths(**{varied: float(name)}) for name in case["expected"]}
    tokens, targets = lengths()
    facts = dict.fromkeys(("tokens_length", "tokens", "raw"), tokens)
    return asked(case, facts | dict.fromkeys(("targets_length", "targets"), targets))


def segments(case: Case) -> Any:
    values = given(case)
    tokens = np.arange(values["n"]) if "n" in values else np.array(values["tokens"])
    sizes = {size: len(pieces.split_tokens(tokens, int(size))) for size in case["expected"]}
    return sizes


def segments_of_targets(case: Case) -> Any:
    """The length of every segment but the last, with room for EOS and without."""
    values = given(case)
    tokens = np.array(values["tokens"])
    facts = {}
    for name, add_eos in (("add_eos", True), ("no_eos", False)):
        made = pieces.split_tokens_to_targets_length(tokens, values["targets_len"], add_eos)
        assert np.concatenate(made).tolist() == tokens.tolist()
        facts[name] = alike(np.array([len(one) for one in made[:-1]]))
    return asked(case, facts)


def targets_lengths(case: Case) -> Any:
    """By percent; "_drop" behind it names the objective that drops tokens."""
    found = {}
    for name in case["expected"]:
        rate, _, objective = name.partition("_")
        made = get_objective(
            objective or "iid", vocab_size=32100, noise_density=int(rate) / 100, num_sentinels=100
        )
        found[name] = made.lengths(512)[1]
    return found


def prefix_lm(case: Case) -> Any:
    first, last = (int(end) for end in case["input"]["tokens"].split(".."))
    text, objective = np.arange(first, last + 1), get_objective("prefix_lm", vocab_size=32100)
    rng = np.random.default_rng(SEED)
    made = [objective.corrupt(text, rng) for _ in range(100)]
    whole = {tuple(np.concatenate(sides).tolist()) for sides in made}
    if len(whole) != 1 or len({len(inputs) for inputs, _ in made}) < 2:
        return {"inputs+targets": f"{len(whole)} texts, or a single split"}
    (joined,) = whole
    assert list(joined) == list(range(joined[0], joined[-1] + 1))
    return {"inputs+targets": f"{joined[0]}..{joined[-1]}"}


# -- relpos, masks, packing, model, decode, loss -------------------------------------------------


def buckets(case: Case) -> Any:
    both = "unidirectional" not in case["case"] and "bidirectional" in case["case"]
    settings = {k: v for k, v in given(case).items() if k in ("num_buckets", "max_distance")}
    if isinstance(case["input"], list):
        places = torch.tensor(case["input"])
        return relative_position_bucket(places, both, **settings).tolist()
    distances = torch.arange(600)
    found = relative_position_bucket(-distances, both, **settings)
    assert both or not relative_position_bucket(distances, both, **settings).any()
    return {name: int((found == int(name)).nonzero()[0]) for name in case["expected"]}


def mask_of_decoder(case: Case) -> Any:
    values = {key: torch.tensor(value) for key, value in case["input"].items()}
    segment_ids = values.get("segment_ids", values.get("decoder_segment_ids"))
    made = decoder_mask(
        values.get("decoder_target_tokens"), segment_ids, values.get("decoder_causal_attention")
    )
    return made.int().tolist()


def mask_between(case: Case) -> Any:
    """Encoder, or decoder to encoder: by segments, or by which tokens are not padding."""
    values = {key: torch.tensor(value) for key, value in case["input"].items()}

    def side(name: str) -> torch.Tensor:
        for key in (f"{name}_segment_ids", f"{name}_input_tokens", f"{name}_target_tokens"):
            if key in values:
                return values[key] if "segment" in key else (values[key] != 0).long()
        raise NotCoveredError(f"no tokens of the {name}")

    queries = side("decoder") if re.search("decoder", case["case"]) else side("encoder")
    return segment_mask(queries, side("encoder")).int().tolist()


def packed(case: Case) -> Any:
    """The rows of examples that end in EOS; positions are counted from the segments."""
    alone = re.search("unpacked", case["case"], re.IGNORECASE)
    kind = "encoder_decoder" if re.search("enc", case["case"], re.IGNORECASE) else "prefix_lm"
    pairs = [(example["inputs"], example["targets"]) for example in case["input"]]

    def batch(loss_on_inputs: bool = False) -> dict[str, Any]:
        layout = Layout(
            architecture=kind,
            inputs_length=case["args"]["inputs"],
            targets_length=case["args"]["targets"],
            loss_on_inputs=loss_on_inputs,
        )
        made = pack(pairs, layout, packing=not alone)
        rows = {name: array.tolist() for name, array in made.items()}
        return {name: row[0] if len(row) == 1 else row for name, row in rows.items()}

    facts = batch()
    for side in ("decoder", "encoder"):
        ids = facts.get(f"{side}_segment_ids")
        if ids and not isinstance(ids[0], list):
            facts[f"{side}_positions"] = [
                place - ids.index(one) if one else 0 for place, one in enumerate(ids)
            ]
    facts["loss_on_inputs_too"] = batch(loss_on_inputs=True)["decoder_loss_weights"]
    return asked(case, facts)


def autoregressive(case: Case) -> Any:
    values = given(case)
    return make_autoregressive_inputs(values["targets"], values.get("segment_ids")).tolist()


def parameter_counts(case: Case) -> Any:
    """By arrangement and depth, as the name of each count says."""
    values, names = given(case), {"d": "d_model", "dff": "d_ff", "h": "num_heads", "dkv": "d_kv"}
    settings = {names[key]: value for key, value in values.items() if key in names}
    vocabulary = re.search(r"V=(\d+)", case["case"])
    found = {}
    for name in case["expected"]:
        depths = [int(number) for number in re.findall(r"\d+", name)] or [12]
        if "shared" in name:
            kinds = ["shared"]
        elif "LM" in name:
            kinds = ["language_model", "prefix_lm"]
        else:
            kinds = ["encoder_decoder"]
        counts = {
            sum(
                parameter.numel()
                for parameter in build_model(
                    kind,
                    "base",
                    device="meta",
                    vocab_size=int(vocabulary[1]) if vocabulary else 32128,
                    num_layers=depths[0],
                    num_decoder_layers=depths[-1],
                    **settings,
                ).parameters()
            )
            for kind in kinds
        }
        found[name] = alike(np.array(sorted(counts)))
    return found


def penalties(case: Case) -> Any:
    values = given(case)
    lengths = values["len"] if isinstance(values["len"], list) else [values["len"]]
    made = [length_penalty(length, values["alpha"]) for length in lengths]
    return made if isinstance(values["len"], list) else made[0]


def loss_of_zeros(case: Case) -> Any:
    values = given(case)
    logits = torch.zeros(1, values["vocab"], dtype=torch.float64)
    total, nats = cross_entropy(logits, torch.tensor([17]), values["z_loss"])
    return asked(case, {"ce": float(nats), "z": float(total - nats), "total": float(total)})


# -- optimizer, lr, mixing -----------------------------------------------------------------------


def decay(case: Case) -> Any:
    return [second_moment_decay(step) for step in case["input"]]


def rates_of_steps(case: Case) -> Any:
    """At the steps of the input, a list or by the name "steps"."""
    values = given(case)
    steps = case["input"] if isinstance(case["input"], list) else values["steps"]
    if re.search("constant", case["case"], re.IGNORECASE):
        rate = constant(values["value"])
    else:
        holds = [values[n] for n in ("hold", "k", "warmup_steps", "warmup") if n in values]
        rate = inverse_square_root(holds[0] if holds else 10_000)
    return [rate(step) for step in steps]


def mixing(case: Case) -> Any:
    """Rates by task, as p_TASK; "sum" is that of the examples."""
    counts = case["input"].get("examples", case["input"])
    kinds = ("equal", "temperature", "proportional")
    kind = next((k for k in kinds if re.search(k, case["case"], re.IGNORECASE)), "proportional")
    limits = [case["args"][n] for n in ("limit", "K", "maximum") if n in case["args"]]
    temperatures = [case["args"][n] for n in ("temperature", "T") if n in case["args"]]
    rates = mixing_rates(
        counts,
        kind,
        limit=limits[0] if limits else None,
        temperature=temperatures[0] if temperatures else 1.0,
    )
    facts = {"sum": sum(counts.values()), **rates}
    return asked(case, facts | {f"p_{name}": rate for name, rate in rates.items()})


# -- text_preprocess, postprocess, metrics, averaging --------------------------------------------

LABEL_TASKS = {
    "glue": ("cola", "sst2", "mrpc", "qqp", "mnli", "qnli", "rte", "wnli"),
    "super_glue": ("boolq", "cb", "copa", "wic", "axb", "axg", "rte"),
}


def label_task(name: str) -> Any:
    """ "glue rte" or "copa" -> the task."""
    *suite, short = name.split()
    found = ["_".join(["_".join(suite), short])] if suite else []
    found += [f"{s}_{short}" for s, shorts in LABEL_TASKS.items() if not suite and short in shorts]
    if not found:
        raise NotCoveredError(f"no label task {name!r}")
    return get_task(found[0])


def label_format(case: Case) -> Any:
    task = label_task(case["input"])
    raw = {field: f"{{{field}}}" for field in task.fields if field != "label"}
    made = [task.preprocess(raw | {"label": i})[0] for i in range(len(case["expected"]["labels"]))]
    return {
        "inputs_template": alike(np.array([example["inputs"] for example in made])),
        "labels": [example["targets"] for example in made],
    }


def generic_format(case: Case) -> Any:
    arguments = {"benchmark": "qqp", "labels": ["not_duplicate", "duplicate"], **case["args"]}
    made = format_example(
        case["input"], arguments["benchmark"], arguments["labels"], arguments.get("features")
    )
    return asked(case, made)


def preprocessed(name: str) -> Callable[[Case], Any]:
    """The first text of a task, or the texts of several labels or rows."""

    def of(case: Case) -> Any:
        made = get_task(name).preprocess(case["input"])
        if isinstance(case["expected"], list):
            return [
                asked({"expected": want}, one)
                for want, one in zip(case["expected"], made, strict=True)
            ]
        return asked(case, made[0])

    return of


def stsb(case: Case) -> Any:
    task, text = get_task("glue_stsb"), {"sentence1": "a", "sentence2": "b"}
    if "labels" in case["input"]:
        labels = case["input"]["labels"]
        return [task.preprocess(text | {"label": one})[0]["targets"] for one in labels]
    return asked(case, task.preprocess(text | case["input"])[0])


def wsc_trained_on(case: Case) -> Any:
    about = {
        "text": "Mitchell asked Tom if he could lend some money.",
        "span2_text": "he",
        "span2_index": 4,
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "train.json"
        file.write_text(json.dumps([about | row for row in case["input"]]))
        made = get_task("super_glue_wsc").examples("train", data_files=file)
        return [example["targets"] for example in made]


TRANSLATIONS = {("en", "de"): "wmt14_ende", ("en", "fr"): "wmt15_enfr", ("en", "ro"): "wmt16_enro"}


def translation(case: Case) -> Any:
    languages = case["args"].get("src"), case["args"].get("tgt")
    if languages not in TRANSLATIONS:
        raise NotCoveredError(f"translates {languages[0]} to {languages[1]}")
    return preprocessed(TRANSLATIONS[languages])(case)


def posted(name: str) -> Callable[[Case], Any]:
    """A prediction of the task; of texts in a list, each."""

    def of(case: Case) -> Any:
        task = get_task(name)
        if isinstance(case["input"], list):
            return [task.postprocess(text) for text in case["input"]]
        return task.postprocess(case["input"])

    return of


def target_of(name: str) -> Callable[[Case], Any]:
    def of(case: Case) -> Any:
        values = {**case["input"]}
        if "label" in values:
            values["targets"] = values.pop("label")
        return get_task(name).target(values)

    return of


def label_of(case: Case) -> Any:
    """The class of a label word, or of each."""
    values = given(case)
    labels = values.get("labels") or values.get("label_classes")
    if not labels:
        raise NotCoveredError("names no labels")
    texts = values.get("text", values.get("prediction", case["input"]))
    if isinstance(texts, list):
        return [label_index(text, labels) for text in texts]
    return label_index(texts, labels)


def wsc_match(case: Case) -> Any:
    values = given(case)
    example = {"targets": values["referent"], "label": 1}
    return get_task("super_glue_wsc").postprocess(values["prediction"], example)


def metric(function: Callable[..., Any], **names: str) -> Callable[[Case], Any]:
    """Scores of targets and predictions, `names` being theirs of ours."""

    def of(case: Case) -> Any:
        scores = function(case["input"]["targets"], case["input"]["predictions"])
        both = {**scores, **{names[name]: value for name, value in scores.items() if name in names}}
        return asked(case, both)

    return of


def grouped(function: Callable[..., Any], **names: str) -> Callable[[Case], Any]:
    """As `metric`, of targets (group, value)."""

    def of(targets: list[Any], predictions: list[Any]) -> Any:
        pairs = [
            one if isinstance(one, Mapping) else {"group": one[0], "value": one[1]}
            for one in targets
        ]
        values = [one if isinstance(one, Mapping) else {"value": one} for one in predictions]
        return function(pairs, values)

    return metric(of, **names)


def several_classes(case: Case) -> Any:
    (classes,) = re.findall(r"(\d+)\s*-?class", case["case"])
    return metric(lambda t, p: metrics.macro_f1(t, p, int(classes)), f1=f"mean_{classes}class_f1")(
        case
    )


def suite_average(case: Case) -> Any:
    suite = "superglue" if re.search(r"super\s*glue", case["case"], re.IGNORECASE) else "glue"
    average, *columns = SUITES[suite]["columns"]
    scores: dict[str, dict[str, float]] = {}
    for column, value in zip(columns, case["input"], strict=True):
        [[[task, name]]] = column.terms
        scores.setdefault(task, {})[name] = value
    return column_value(average.terms, scores)


# -- c4 ------------------------------------------------------------------------------------------


def page(case: Case) -> Any:
    """The cleaned page, or its text with the lines that each rule counted."""
    counts: Counter[str] = Counter()
    text = clean_page(case["input"], case["args"].get("badwords", ()), counts=counts)
    if not isinstance(case["expected"], Mapping):
        return text
    counters = case["expected"].get("counters", {})
    facts = {"text": text, "counters": {name: counts[name] for name in counters}}
    return asked(case, facts)


def bad_word(case: Case) -> Any:
    """A pattern "(word)" on 'a line': does the page that begins with the line lose its place?"""
    (word,) = re.findall(r"\((\w+)\)", case["input"])
    (line,) = re.findall(r"on '([^']*)'", case["input"])
    kept = clean_page(f"{line} It lives. So do others.", [word])
    return "no match" if kept is not None else "match"


SPAN_FUNCTIONS = "|".join(
    (
        "noise_span_to_unique_sentinel",
        "nonnoise_span_to_unique_sentinel",
        "noise_span_to_sentinel",
        "nonnoise_span_to_sentinel",
        "noise_token_to_sentinel",
        "drop_noise_tokens",
        "drop_nonnoise_tokens",
    )
)

ADAPTERS: list[tuple[str, str, Callable[[Case], Any]]] = [
    ("noise", rf"^({SPAN_FUNCTIONS})\b", spans_function),
    ("noise", "^denoise", denoise),
    ("noise", "permute_noise_tokens", permutation),
    ("noise", "noise_token_to_random_token", random_tokens),
    ("noise", "iid_noise_mask", random_mask(noise.iid_noise_mask, "length", "noise_density")),
    (
        "noise",
        "random_spans_noise_mask",
        random_mask(
            noise.random_spans_noise_mask, "length", "noise_density", "mean_noise_span_length"
        ),
    ),
    ("noise", "random_prefix_noise_mask", random_mask(noise.random_prefix_noise_mask, "length")),
    ("noise", "count", span_counts),
    ("lengths", "random_spans_(helper|lengths)", span_lengths),
    ("lengths", "split_tokens_to_targets_length", segments_of_targets),
    ("lengths", "split_tokens", segments),
    ("lengths", "target lengths", targets_lengths),
    ("prefix_lm", "prefix_lm", prefix_lm),
    ("relpos", "directional", buckets),
    ("masks", "encoder.*mask|mask.*encoder", mask_between),
    ("masks", "decoder mask", mask_of_decoder),
    ("packing", "make_autoregressive_inputs", autoregressive),
    ("packing", "packed", packed),
    ("model", "parameter counts", parameter_counts),
    ("decode", "penalty", penalties),
    ("loss", "z-loss", loss_of_zeros),
    ("optimizer", "decay", decay),
    ("lr", "inverse|rsqrt|constant", rates_of_steps),
    ("mixing", "weights|rates|mixing|proportional|temperature|equal", mixing),
    ("text_preprocess", "^format: ", label_format),
    ("text_preprocess", "^glue (generic|label)", generic_format),
    ("text_preprocess", "^summarize", preprocessed("cnn_dailymail")),
    ("text_preprocess", "^translate", translation),
    ("text_preprocess", "^_?pad_punctuation", lambda case: pad_punctuation(case["input"])),
    ("text_preprocess", "highlights", lambda case: join_highlights(case["input"])),
    ("text_preprocess", "^wsc_simple train", wsc_trained_on),
    ("text_preprocess", "^wsc_simple", preprocessed("super_glue_wsc")),
    ("text_preprocess", "^wnli_simple", preprocessed("glue_wnli")),
    ("text_preprocess", "^stsb", stsb),
    ("text_preprocess", "^dpr", preprocessed("dpr")),
    ("text_preprocess", "^multirc", preprocessed("super_glue_multirc")),
    ("text_preprocess", "^record", preprocessed("super_glue_record")),
    ("text_preprocess", "^squad", preprocessed("squad")),
    ("postprocess", "^multirc target", target_of("super_glue_multirc")),
    ("postprocess", "^multirc", posted("super_glue_multirc")),
    ("postprocess", "^record target", target_of("super_glue_record")),
    ("postprocess", "^record", posted("super_glue_record")),
    ("postprocess", "^(qa|squad) target", target_of("squad")),
    ("postprocess", "^(qa|squad)", posted("squad")),
    ("postprocess", "^wsc_simple", wsc_match),
    ("postprocess", "^string_to_float", posted("glue_stsb")),
    ("postprocess", "^string_label_to_class_id", label_of),
    (
        "metrics",
        "deduplicate_metric",
        grouped(metrics.once_per_group(metrics.accuracy), acc="accuracy"),
    ),
    (
        "metrics",
        "mean_group_metric",
        grouped(metrics.mean_over_groups(metrics.accuracy), acc="accuracy"),
    ),
    ("metrics", "all_match", grouped(metrics.all_right, em="exact_match")),
    ("metrics", "multirc", grouped(lambda t, p: get_task("super_glue_multirc").score(t, p))),
    ("metrics", "spearman", metric(metrics.spearman, spearman="spearman_corrcoef")),
    ("metrics", "pearson", metric(metrics.pearson, pearson="pearson_corrcoef")),
    ("metrics", "matthews", metric(metrics.matthews, mcc="matthews_corrcoef")),
    ("metrics", "class_f1", several_classes),
    ("metrics", "squad", metric(lambda t, p: get_task("squad").score(t, p))),
    ("metrics", "rouge", metric(metrics.rouge, rougeL="rougeLsum")),
    ("metrics", "bleu", metric(metrics.bleu)),
    ("metrics", "accuracy", metric(metrics.accuracy, acc="accuracy")),
    ("metrics", "f1", metric(metrics.binary_f1)),
    ("averaging", "average", suite_average),
    ("c4", "badword", bad_word),
    ("c4", "dedup", lambda case: drop_duplicate_lines(case["input"])),
    ("c4", "clean_page|sentences|lines", page),
]
