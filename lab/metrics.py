"""Scores of predictions against targets, each 0..100 under the short names of the paper's tables.

Every metric takes one target and one prediction for each example and returns {name: value}; its
`parts` say what each example adds to that.
"""

from __future__ import annotations

import re
import string
import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from statistics import fmean
from typing import Any

from lab import parts
from lab.parts import Metric, PartKind, Parts, PartsOf, Score, Scores, measured
from lab.words import words, words_and_marks

__all__ = ["Metric", "Parts", "Scores"]

ARTICLES = re.compile(r"\b(a|an|the)\b")
PUNCTUATION = str.maketrans("", "", string.punctuation)


@measured(parts.accuracy)
def accuracy(targets: Sequence[Any], predictions: Sequence[Any]) -> Scores:
    """Return {"acc"}: the share of predictions that equal their target."""
    right = sum(bool(t == p) for t, p in zip(targets, predictions, strict=True))
    return {"acc": 100 * (right / len(targets))}


@measured(parts.pairs("mcc", PartKind.MATTHEWS))
def matthews(targets: Sequence[int], predictions: Sequence[int]) -> Scores:
    """Return {"mcc"}: Matthews correlation, -100..100; a stray label is a class of its own."""
    from sklearn.metrics import matthews_corrcoef

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"mcc": 100 * float(matthews_corrcoef(targets, predictions))}


@measured(parts.binary_f1)
def binary_f1(targets: Sequence[int], predictions: Sequence[int]) -> Scores:
    """Return {"f1"} of class 1; a prediction other than 0 and 1 counts as the wrong one of both."""
    from sklearn.metrics import f1_score

    counted = [p if p in (0, 1) else 1 - t for t, p in zip(targets, predictions, strict=True)]
    value = f1_score(targets, counted, labels=[1], average="macro", zero_division=0)
    return {"f1": 100 * float(value)}


def macro_f1(targets: Sequence[int], predictions: Sequence[int], classes: int) -> Scores:
    """Return {"f1"}: the plain mean of the F1 of classes 0..classes-1.

    A stray prediction is a miss of its true class and a false positive of none.
    """
    from sklearn.metrics import f1_score

    value = f1_score(targets, predictions, labels=range(classes), average="macro", zero_division=0)
    return {"f1": 100 * float(value)}


def macro_f1_over(classes: int) -> Metric:
    """Return macro_f1 over this many classes."""
    return Metric(lambda t, p: macro_f1(t, p, classes), parts.macro_f1(classes))


@measured(parts.pairs("pearson", PartKind.PEARSON))
def pearson(targets: Sequence[float], predictions: Sequence[float]) -> Scores:
    """Return {"pearson"}: linear correlation, -100..100; 0 where either side is constant."""
    from scipy.stats import pearsonr

    return {"pearson": _correlation(pearsonr, targets, predictions)}


@measured(parts.pairs("spearman", PartKind.SPEARMAN))
def spearman(targets: Sequence[float], predictions: Sequence[float]) -> Scores:
    """Return {"spearman"}: rank correlation, -100..100; 0 where either side is constant."""
    from scipy.stats import spearmanr

    return {"spearman": _correlation(spearmanr, targets, predictions)}


def _answer_parts(answers: Sequence[str], prediction: str) -> Parts:
    text = normalize_answer(prediction)
    wanted = [normalize_answer(answer) for answer in answers]
    overlap = max((_word_f1(answer, text) for answer in wanted), default=0.0)
    return {"em": parts.mean(100.0 * (text in wanted)), "f1": parts.mean(100 * overlap)}


@measured(parts.of_each(_answer_parts))
def exact_match_f1(targets: Sequence[Sequence[str]], predictions: Sequence[str]) -> Scores:
    """Return {"em", "f1"} of SQuAD: the best over an example's answers, after normalization.

    Words are compared without case, ASCII punctuation and articles. As in the official script an
    answer of which nothing is left can be matched exactly, and then its F1 is still 0.
    """
    exact, overlap = [], []
    for answers, prediction in zip(targets, predictions, strict=True):
        text = normalize_answer(prediction)
        wanted = [normalize_answer(answer) for answer in answers]
        exact.append(float(text in wanted))
        overlap.append(max((_word_f1(answer, text) for answer in wanted), default=0.0))
    return {"em": 100 * fmean(exact), "f1": 100 * fmean(overlap)}


def _answer_parts_or_none(answers: Sequence[str], prediction: str) -> Parts:
    if normalize_answer(prediction):
        # Official: of a question with answers the empty ones do not count.
        return _answer_parts([a for a in answers if normalize_answer(a)], prediction)
    right = 100.0 * (not any(map(normalize_answer, answers)))
    return {"em": parts.mean(right), "f1": parts.mean(right)}


@measured(parts.of_each(_answer_parts_or_none))
def exact_match_f1_or_none(targets: Sequence[Sequence[str]], predictions: Sequence[str]) -> Scores:
    """Return {"em", "f1"} of SQuAD 2.0: as exact_match_f1, where "" says that nothing answers.

    Without an answer among the targets that is right, and anything else wrong in both.
    """
    values = [_answer_parts_or_none(t, p) for t, p in zip(targets, predictions, strict=True)]
    return {name: fmean(one[name][PartKind.MEAN][0] for one in values) for name in ("em", "f1")}


def normalize_answer(text: str) -> str:
    """Return the answer lower-cased, without ASCII punctuation, articles and extra spaces."""
    return " ".join(ARTICLES.sub(" ", text.lower().translate(PUNCTUATION)).split())


class _AnyWords:
    """rouge-score's tokenizer for words of any script."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


def _rouge_values(
    targets: Sequence[str], predictions: Sequence[str], tokenizer: _AnyWords | None = None
) -> list[Scores]:
    """Each example's F-measures, 0..1."""
    from rouge_score.rouge_scorer import RougeScorer

    names = {"rouge1": "rouge1", "rouge2": "rouge2", "rougeL": "rougeLsum"}
    scorer = RougeScorer(list(names.values()), use_stemmer=False, tokenizer=tokenizer)
    scored = [
        scorer.score(target.replace(" . ", " .\n"), prediction.replace(" . ", " .\n"))
        for target, prediction in zip(targets, predictions, strict=True)
    ]
    return [{name: one[theirs].fmeasure for name, theirs in names.items()} for one in scored]


def _mean_parts(scored: Sequence[Scores]) -> list[Parts]:
    return [{name: parts.mean(100 * v) for name, v in values.items()} for values in scored]


def _rouge_parts(targets: Sequence[str], predictions: Sequence[str]) -> list[Parts]:
    return _mean_parts(_rouge_values(targets, predictions))


@measured(_rouge_parts)
def rouge(targets: Sequence[str], predictions: Sequence[str]) -> Scores:
    """Return {"rouge1", "rouge2", "rougeL"}: mean F-measures without stemming.

    rougeL is the summary-level form over sentences; " . " ends one. (Paper, 2.3: CNN/DM.) Words are
    of a-z and 0-9 only: of text in another script see `rouge_of_any_script`.
    """
    scored = _rouge_values(targets, predictions)
    return {name: 100 * fmean(one[name] for one in scored) for name in scored[0]}


@measured(
    lambda targets, predictions: _mean_parts(_rouge_values(targets, predictions, _AnyWords()))
)
def rouge_of_any_script(targets: Sequence[str], predictions: Sequence[str]) -> Scores:
    """Return the scores of `rouge` over words of any script (see lab.words)."""
    scored = _rouge_values(targets, predictions, _AnyWords())
    return {name: 100 * fmean(one[name] for one in scored) for name in scored[0]}


def _bleu_parts(
    targets: Sequence[str] | Sequence[Sequence[str]], predictions: Sequence[str]
) -> list[Parts]:
    from sacrebleu.metrics import BLEU

    # effective_order changes the sentence's own score, not its counts; without it each one warns.
    bleu = BLEU(tokenize="intl", effective_order=True)
    kept: list[Parts] = []
    for target, prediction in zip(targets, predictions, strict=True):
        one = bleu.sentence_score(prediction, [target] if isinstance(target, str) else target)
        numbers = [one.sys_len, one.ref_len, *one.counts, *one.totals]
        kept.append({"bleu": {PartKind.BLEU: numbers}})
    return kept


@measured(_bleu_parts)
def bleu(targets: Sequence[str] | Sequence[Sequence[str]], predictions: Sequence[str]) -> Scores:
    """Return {"bleu"} of the whole set by SacreBLEU, "exp" smoothing, "intl" tokenization.

    A target is one reference or, for all examples alike, a list of as many references.
    """
    import sacrebleu

    references = [[t] if isinstance(t, str) else list(t) for t in targets]
    streams = [list(stream) for stream in zip(*references, strict=True)]
    # force only silences the warning about text that looks tokenized.
    value = sacrebleu.corpus_bleu(
        list(predictions), streams, smooth_method="exp", tokenize="intl", force=True
    )
    # The geometric mean of four times 100% may come out a rounding error above 100.
    return {"bleu": min(100.0, float(value.score))}


Texts = Sequence[str] | Sequence[Sequence[str]]


def _spaced(targets: Texts, predictions: Sequence[str]) -> tuple[list[Any], list[str]]:
    """References and predictions with spaces between words, which "intl" leaves as they are."""
    references = [
        words_and_marks(t) if isinstance(t, str) else [words_and_marks(one) for one in t]
        for t in targets
    ]
    return references, [words_and_marks(one) for one in predictions]


@measured(lambda targets, predictions: _bleu_parts(*_spaced(targets, predictions)))
def bleu_of_any_script(targets: Texts, predictions: Sequence[str]) -> Scores:
    """Return the score of `bleu` over words of any script (see lab.words)."""
    return bleu(*_spaced(targets, predictions))


def all_of(*metrics: Metric) -> Metric:
    """Return the metric that gives the scores of all `metrics` together."""

    def score(targets: Sequence[Any], predictions: Sequence[Any]) -> Scores:
        return {k: v for metric in metrics for k, v in metric(targets, predictions).items()}

    def kept(targets: Sequence[Any], predictions: Sequence[Any]) -> list[Parts]:
        each = [metric.parts(targets, predictions) for metric in metrics]
        return [
            {k: v for one in lines for k, v in one.items()} for lines in zip(*each, strict=True)
        ]

    return Metric(score, kept)


def only(metric: Metric, names: Sequence[str]) -> Metric:
    """Return `metric` with those of its scores that are named."""

    def score(targets: Sequence[Any], predictions: Sequence[Any]) -> Scores:
        scores = metric(targets, predictions)
        return {name: scores[name] for name in names}

    def kept(targets: Sequence[Any], predictions: Sequence[Any]) -> list[Parts]:
        lines = metric.parts(targets, predictions)
        return [{name: line[name] for name in names} for line in lines]

    return Metric(score, kept)


def renamed(metric: Metric, **names: str) -> Metric:
    """Return `metric` with its scores called by other names: renamed(f1, f1="f1a")."""

    def score(targets: Sequence[Any], predictions: Sequence[Any]) -> Scores:
        return {names[k]: v for k, v in metric(targets, predictions).items()}

    def kept(targets: Sequence[Any], predictions: Sequence[Any]) -> list[Parts]:
        lines = metric.parts(targets, predictions)
        return [{names[k]: v for k, v in line.items()} for line in lines]

    return Metric(score, kept)


def once_per_group(metric: Metric) -> Metric:
    """Return `metric` over the first example of each group only.

    Targets are {"group", "value"}, predictions {"value"} or the bare value.
    """

    def score(targets: Sequence[Mapping[str, Any]], predictions: Sequence[Any]) -> Scores:
        firsts = [rows[0] for rows in _by_group(targets, predictions).values()]
        return metric([t for t, _ in firsts], [p for _, p in firsts])

    return Metric(score, _on_the_first(lambda rows: metric.parts(*_sides(rows[:1]))[0]))


def mean_over_groups(metric: Score) -> Metric:
    """Return the mean over groups of `metric` within a group (shapes as in once_per_group)."""

    def score(targets: Sequence[Mapping[str, Any]], predictions: Sequence[Any]) -> Scores:
        groups = _by_group(targets, predictions).values()
        scores = [metric(*_sides(rows)) for rows in groups]
        return {name: fmean(score[name] for score in scores) for name in scores[0]}

    def of_group(rows: Sequence[tuple[Any, Any]]) -> Parts:
        return {name: parts.mean(value) for name, value in metric(*_sides(rows)).items()}

    return Metric(score, _on_the_first(of_group))


def ungrouped(metric: Metric) -> Metric:
    """Return `metric` over all examples, whatever their group (shapes as in once_per_group).

    A group's parts stand together, for its examples are no independent draws.
    """

    def score(targets: Sequence[Mapping[str, Any]], predictions: Sequence[Any]) -> Scores:
        return metric([t["value"] for t in targets], [_value(p) for p in predictions])

    return Metric(score, _on_the_first(lambda rows: parts.added(metric.parts(*_sides(rows)))))


def all_right(targets: Sequence[Any], predictions: Sequence[Any]) -> Scores:
    """Return {"em"}: 100 if every prediction equals its target, else 0."""
    return {"em": 100.0 if list(targets) == list(predictions) else 0.0}


Pairs = Sequence[tuple[Any, Any]]
"""Targets with their predictions."""


def _by_group(
    targets: Sequence[Mapping[str, Any]], predictions: Sequence[Any]
) -> dict[Hashable, list[tuple[Any, Any]]]:
    """Return (target, prediction) values by group, groups and members in order of appearance."""
    groups: dict[Hashable, list[tuple[Any, Any]]] = {}
    for target, prediction in zip(targets, predictions, strict=True):
        groups.setdefault(_group(target), []).append((target["value"], _value(prediction)))
    return groups


def _on_the_first(of_group: Callable[[Pairs], Parts]) -> PartsOf:
    """Return the parts that a group's first example has for all of it."""

    def kept(targets: Sequence[Mapping[str, Any]], predictions: Sequence[Any]) -> list[Parts]:
        groups = _by_group(targets, predictions)
        return [of_group(groups.pop(g)) if (g := _group(t)) in groups else {} for t in targets]

    return kept


def _sides(rows: Pairs) -> tuple[list[Any], list[Any]]:
    return [t for t, _ in rows], [p for _, p in rows]


def _group(target: Mapping[str, Any]) -> Hashable:
    group = target["group"]
    return tuple(group) if isinstance(group, list) else group


def _value(prediction: Any) -> Any:
    return prediction["value"] if isinstance(prediction, Mapping) else prediction


def _correlation(
    function: Callable[..., Any], targets: Sequence[float], predictions: Sequence[float]
) -> float:
    import numpy as np

    if len(set(targets)) < 2 or len(set(predictions)) < 2:
        return 0.0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        value = float(function(targets, predictions).statistic)
    # Numbers near the largest float overflow to NaN: as uninformative as a constant.
    return 0.0 if np.isnan(value) else 100 * max(-1.0, min(1.0, value))


def _word_f1(answer: str, prediction: str) -> float:
    expected, predicted = answer.split(), prediction.split()
    same = sum((Counter(expected) & Counter(predicted)).values())
    return 2 * same / (len(expected) + len(predicted)) if same else 0.0
