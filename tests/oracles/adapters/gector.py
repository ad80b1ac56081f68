"""Which functions of the GECToR study answer for a reference case; names only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from studies.gector import losses, pieces
from studies.gector.inference import Tweaks, biased, correct, decide, ensemble
from studies.gector.reading import ColdStart, Shares, labels
from studies.gector.scoring import best
from studies.gector.scoring.counts import Counts, f_score
from studies.gector.scoring.edits import Edit, compare, fewest_edits
from studies.gector.tags.alignment import tags_of_pair
from studies.gector.tags.applying import apply_all_tags, apply_tags, apply_tags_as_released
from studies.gector.tags.rounds import rounds
from studies.gector.tags.tag import DELETE, KEEP, UNKNOWN
from studies.gector.tags.transformations import RELEASED, Transformations
from studies.gector.tags.verbs import VerbForms
from studies.gector.tags.vocabulary import TagVocabulary

Case = Mapping[str, Any]


def all_transformations(case: Case) -> Transformations:
    """With the verb dictionary of the case."""
    return Transformations(VerbForms.of(case["args"].get("verb_forms", ())))


def both_sides(case: Case) -> tuple[list[str], list[str]]:
    """Tokens of the source and of the target."""
    return case["input"]["source"].split(), case["input"]["target"].split()


# -- tags ----------------------------------------------------------------------------------------


def pair(case: Case) -> Any:
    return tags_of_pair(*both_sides(case), all_transformations(case))


def transformation(case: Case) -> Any:
    source, target = both_sides(case)
    return all_transformations(case).find(*source, target)


def transformed(case: Case) -> Any:
    known, given = all_transformations(case), case["input"]
    if isinstance(given, list):
        return [" ".join(known.apply(token, tag) or []) for token, tag in given]
    return " ".join(known.apply(given["token"], given["tag"]) or [])


def verb_dictionary(case: Case) -> Any:
    verbs = VerbForms.of(case["input"])
    return {
        "encode": {"_".join(words): forms for words, forms in verbs.encode.items()},
        "decode": {"_".join(form): word for form, word in verbs.decode.items()},
    }


def applied(case: Case, way: Callable[..., Any] = apply_tags) -> Any:
    return way(case["input"]["tokens"], case["input"]["tags"], all_transformations(case)).tokens


def round_trip(case: Case) -> Any:
    known, (source, target) = all_transformations(case), both_sides(case)
    tags = tags_of_pair(source, target, known)
    rebuilt = apply_all_tags(source, tags, known).tokens
    return {
        "tags": tags,
        "rebuilt": " ".join(rebuilt),
        "equal_without_spaces": "".join(rebuilt) == "".join(target),
    }


def perfect_rounds(case: Case) -> Any:
    found = rounds(*both_sides(case), all_transformations(case), most=9)
    return [{"tags": tags, "sentence": " ".join(sentence)} for tags, sentence in found]


def one_a_token(case: Case) -> Any:
    found = labels(case["input"])
    return {"labels": found.tags, "detect": found.detection}


def composition(case: Case) -> Any:
    """The list's words are not here: as many made-up ones stand for them."""
    asked = case["expected"]
    words = {
        f"${kind}_{number}": 1 for kind in ("APPEND", "REPLACE") for number in range(asked[kind])
    }
    counts = Counter({**words, **dict.fromkeys(RELEASED, 1), KEEP: 1, DELETE: 1})
    made = TagVocabulary.of(counts, size=asked["total"] - asked["special"])
    ends = {"first_two": list(made.tags[:2]), "last_two": list(made.tags[-2:])}
    return {**made.composition(), **ends}


def outside(case: Case) -> Any:
    label = case["input"]["label"]
    vocabulary = TagVocabulary.of(Counter({"$REPLACE_a": 1}), size=3)
    tag = vocabulary.tags[vocabulary.encode([label])[0]]
    made = apply_tags(["b"], [KEEP, tag], all_transformations(case)).tokens
    return {
        "label_class": tag,
        "detect": labels([[label]]).detection[0],
        "at_inference": "no change" if made == ["b"] and tag == UNKNOWN else made,
    }


# -- inference -----------------------------------------------------------------------------------


def stopping(case: Case) -> Any:
    asked: list[list[str]] = []
    table = case["input"]["tagger"]

    def tagger(sentences: list[list[str]]) -> list[list[str]]:
        asked.append([" ".join(sentence) for sentence in sentences])
        return [table.get(sentence, sentence).split() for sentence in asked[-1]]

    given = [sentence.split() for sentence in case["input"]["sentences"]]
    results, changes = correct(given, tagger, **case["args"])
    return {
        "result": [" ".join(sentence) for sentence in results],
        "updates": sum(changes),
        "tagged_per_round": asked,
    }


def decoded(case: Case) -> Any:
    given, tweaks = case["input"], Tweaks(**case["args"])
    tags = given["labels"]
    probabilities = biased(np.array(given["label_probabilities"]), tags, tweaks)
    found = decide(probabilities, np.array(given["incorrect_probabilities"]), tags, tweaks)
    return {
        "argmax": found.likeliest,
        "sentence_error_probability": found.error_probability,
        "result": apply_tags(given["tokens"], found.tags, all_transformations(case)).tokens,
    }


def averaged(case: Case) -> Any:
    members = [np.array(one) for one in case["input"]["model_probabilities"]]
    return ensemble(members, case["args"]["weights"]).tolist()


# -- training ------------------------------------------------------------------------------------


def subwords(case: Case) -> Any:
    given, args = case["input"], case["args"]
    spans, at = [], 0
    for token in given["tokens"]:
        spans.append((at, at + len(token)))
        at += len(token) + 1
    numbers = pieces.pieces_of_words(spans, given["piece_spans"])
    words = [[given["piece_ids"][number] for number in word] for word in numbers]
    kept, places = pieces.kept_pieces(words, args["pieces_per_token"], args["max_pieces"])
    return {
        "token_spans": [list(span) for span in spans],
        "kept_ids": kept,
        "first_piece_of_token": places,
    }


def summed(case: Case) -> Any:
    given = {name: torch.tensor(values) for name, values in case["input"].items()}
    found = losses.loss(given["tag_nll"], given["detect_nll"], given["mask"])
    names = {"tag_loss": found.tags, "detect_loss": found.detection, "loss": found.total}
    return {name: float(value) for name, value in names.items()}


def read(case: Case) -> Any:
    args = case["args"]
    shares = Shares(
        correct=args["tn_prob"], errorful=args["tp_prob"], apart=bool(args["skip_correct"])
    )
    return "kept" if shares.keeps(**names(case, detection="detect", draw="draw")) else "dropped"


def names(case: Case, **ours: str) -> dict[str, Any]:
    """The input under our names."""
    return {our: case["input"][theirs] for our, theirs in ours.items()}


def cold(case: Case) -> Any:
    given, args = case["input"], case["args"]
    start = ColdStart(epochs=given["cold_steps_count"], rate=args["cold_lr"], then=args["lr"])
    return [
        {
            "epoch": epoch,
            "lr": start.rate_of(epoch),
            "encoder": "frozen" if start.is_cold(epoch) else "trained",
        }
        for epoch in range(given["epochs"])
    ]


# -- scores --------------------------------------------------------------------------------------


def counted(case: Case) -> Any:
    found = Counts(**case["input"])
    places = case["args"]["rounding"]
    scores = {"p": found.precision, "r": found.recall, "f": found.f(case["args"]["beta"])}
    return {name: round(value, places) for name, value in scores.items()}


def of_printed(case: Case) -> Any:
    return round(f_score(case["input"]["p"], case["input"]["r"], case["args"]["beta"]), 2)


def matched(case: Case) -> Any:
    def by_annotator(edits: list[Any]) -> list[list[Edit]]:
        found: dict[int, list[Edit]] = {}
        for start, end, _, words, annotator in edits:
            found.setdefault(annotator, []).append(Edit(start, end, words))
        return list(found.values()) or [[]]

    candidates = [
        compare(system, [(edit,) for edit in gold])
        for system in by_annotator(case["input"]["system"])
        for gold in by_annotator(case["input"]["gold"])
    ]
    so_far = Counts(**case["args"]["counts_so_far"])
    return best(candidates, so_far, fewest_edits, case["args"]["beta"])._asdict()


ADAPTERS: list[tuple[str, str, Callable[[Case], Any]]] = [
    ("tags_from_pair", "", pair),
    ("transform_of_token", "", transformation),
    ("apply_transform", "", transformed),
    ("verb_dictionary", "", verb_dictionary),
    ("apply_tags", "a flaw|stays one until", partial(applied, way=apply_tags_as_released)),
    ("apply_tags", "", applied),
    ("apply_all_tags", "", partial(applied, way=apply_all_tags)),
    ("round_trip", "", round_trip),
    ("keep_one", "", one_a_token),
    ("iterations", "", perfect_rounds),
    ("stop_rule", "", stopping),
    ("decode", "", decoded),
    ("ensemble", "", averaged),
    ("f_score", "printed", of_printed),
    ("f_score", "", counted),
    ("subwords", "", subwords),
    ("loss", "", summed),
    ("reader", "", read),
    ("schedule", "", cold),
    ("tag_vocabulary", "composition", composition),
    ("tag_vocabulary", "outside", outside),
    ("edit_match", "", matched),
]
