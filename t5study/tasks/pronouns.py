"""Pronouns set between asterisks, and the noun phrases they mean (paper, 2.4 and appendix B)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lab.datasets.source import TaskError

# fmt: off
DETERMINERS = frozenset((
    "a", "an", "few", "her", "his", "each", "every", "many", "much", "my", "our", "some", "that",
    "the", "their", "these", "this", "those", "which", "whose", "your",
))
# fmt: on
PRONOUNS = frozenset(("he", "she", "they", "it", "her", "his", "their", "them", "him"))
ARTICLES = ("a", "an", "the")
END_MARKS = (".", ",", "?", "!")

WORD_WITH_MARKS = re.compile(r"(\W*)(.*?)(\W*)", re.DOTALL)


def referent_match(prediction: str, referent: str) -> int:
    """Return 1 if a predicted noun phrase names the referent, 0 if not, -1 if it says nothing.

    Case and determiners aside, one phrase's words must contain the other's; a possessive
    ("Bob's hat") never matches a phrase without an apostrophe ("Bob").
    """
    predicted, expected = _content(prediction), _content(referent)
    if not predicted:
        return -1
    if ("'" in predicted) != ("'" in expected):
        return 0
    return words_match(predicted, expected)


def words_match(prediction: str, referent: str) -> int:
    """Return 1 if one phrase's words are among the other's, as they stand (paper, 2.4)."""
    predicted, expected = set(prediction.split(" ")), set(referent.split(" "))
    return int(predicted <= expected or expected <= predicted)


def highlight_span(text: str, span: str, index: int) -> str:
    """Return `text` with *asterisks* around the word at `index` (counted by single spaces).

    Where that word is not `span` (glued punctuation, an index that is off) the nearest word that
    is `span` without its punctuation is taken, and marks after it are set off by a space.
    """
    words = text.split(" ")
    if 0 <= index < len(words) and words[index] == span:
        return " ".join([*words[:index], f"*{span}*", *words[index + 1 :]])
    size = len(span.split(" "))
    found = []
    for start in range(len(words) - size + 1):
        parts = WORD_WITH_MARKS.fullmatch(" ".join(words[start : start + size]))
        if parts and parts[2].lower() == span.lower():
            found.append((abs(start - index), start, parts))
    if not found:
        raise TaskError(f"The text {text!r} has no pronoun {span!r} to highlight.")
    _, start, parts = min(found, key=lambda item: item[:2])
    marked = f"{parts[1]}*{parts[2]}*" + (f" {parts[3]}" if parts[3] else "")
    return " ".join([*words[:start], marked, *words[start + size :]]).rstrip()


def highlight_pronoun(sentence: str, pronoun: str) -> str:
    """Return `sentence` with *asterisks* around the first occurrence of `pronoun`.

    The published runs found it only after a space and before a space, "." or ","; where that
    fails the first whole-word occurrence is taken, whatever its case.
    """
    name = re.escape(pronoun)
    for pattern, flags in ((rf"(?<= ){name}(?=[ .,])", 0), (rf"\b{name}\b", re.IGNORECASE)):
        marked, count = re.subn(pattern, lambda m: f"*{m[0]}*", sentence, count=1, flags=flags)
        if count:
            return marked
    return sentence


@dataclass(frozen=True)
class Gap:
    """A pronoun of the premise, how much around it the hypothesis repeats, what stands there."""

    word: int
    score: int
    candidate: str


def wnli_texts(premise: str, hypothesis: str) -> tuple[str, str]:
    """Return the premise with its pronoun highlighted and the hypothesis' candidate noun phrase.

    The pronoun is the one whose neighbours, words right before and right after it, the hypothesis
    repeats at greatest length; the candidate is what the hypothesis has between them.
    """
    words = premise.split(" ")
    cleaned = [(i, _bare(word)) for i, word in enumerate(words) if _bare(word)]
    repeated = [bare for bare in map(_bare, hypothesis.strip().split(" ")) if bare]
    plain = [bare for _, bare in cleaned]
    gaps = [
        _gap(i, plain[:n], plain[n + 1 :], repeated)
        for n, (i, bare) in enumerate(cleaned)
        if bare in PRONOUNS
    ]
    if not gaps:
        return premise, ""
    best = max(gaps, key=lambda gap: gap.score)
    word = words[best.word].strip()
    marked = f"*{word[:-1]}* {word[-1]}" if word.endswith(END_MARKS) else f"*{word}*"
    text = " ".join([*words[: best.word], marked, *words[best.word + 1 :]])
    return text, _as_written(_from_article(best.candidate), hypothesis)


def _content(phrase: str) -> str:
    words = phrase.strip().lower().split(" ")
    return " ".join(word for word in words if word not in DETERMINERS)


def _bare(word: str) -> str:
    """Return a word lower-cased and without one final punctuation mark."""
    word = word.strip().lower()
    return word[:-1] if word.endswith(END_MARKS) else word


def _repeated(words: Sequence[str], text: Sequence[str]) -> int:
    """Return how many words from the first on stand together in `text`, as characters."""
    joined, count = " ".join(text), 0
    while count < len(words) and " ".join(words[: count + 1]) in joined:
        count += 1
    return count


def _gap(word: int, before: list[str], after: list[str], repeated: list[str]) -> Gap:
    left = _repeated(before[::-1], repeated[::-1])
    right = _repeated(after, repeated)
    if not left + right:
        return Gap(word, 0, "")
    head = [re.escape(w) for w in before[len(before) - left :]]
    tail = [re.escape(w) for w in after[:right]]
    # Between both matches; else at the start, else at the end of the hypothesis.
    for parts in ([*head, "(.+)", *tail], ["^(.+)", *tail], [*head, "(.+)$"]):
        found = re.search(" ".join(parts), " ".join(repeated))
        if found:
            return Gap(word, left + right, found[1])
    return Gap(word, left + right, "")


def _from_article(candidate: str) -> str:
    """Return the candidate from the article on whose first occurrence comes last."""
    words = candidate.split(" ")
    start = max((words.index(article) for article in ARTICLES if article in words), default=0)
    return " ".join(words[start:])


def _as_written(candidate: str, hypothesis: str) -> str:
    """Return the candidate as the hypothesis writes it, without final mark and possessive."""
    pattern = " ".join(re.escape(word) + r"[.,?!]?" for word in candidate.split(" "))
    found = re.search(pattern, hypothesis, re.IGNORECASE) if candidate else None
    noun = found[0] if found else candidate
    if noun.endswith(END_MARKS):
        noun = noun[:-1]
    return noun.removesuffix("'") if noun.endswith("'") else noun.removesuffix("'s")
