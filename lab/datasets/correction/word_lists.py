"""Words that writers take for each other: forms of verbs and nouns, confusions, misspellings."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from itertools import permutations

from lab.corpora.archives import ARCHIVES, read_member, read_members

VERB_COLUMNS = {"VB": 0, "VBZ": 3, "VBG": 5, "VBD": 10, "VBN": 11}
"""Base, third person, gerund, past and participle in the table of verbs; past before participle,
so that of an equal pair the participle is read last."""
CONFUSIONS = r"lingotweaker_data_en/data/en/words/confusion_sets(_l2_(de|es|fr|nl))?\.txt"


def verbs() -> Iterator[dict[str, str]]:
    """Yield each verb's words by form; "be" has too many and is left out."""
    table = read_member(ARCHIVES["word_forms"], "word_forms/en-verbs.txt").decode("latin-1")
    for line in table.splitlines():
        cells = line.split(",")
        if not line.startswith(";") and len(cells) > max(VERB_COLUMNS.values()):
            forms = {form: cells[column] for form, column in VERB_COLUMNS.items()}
            if forms["VB"] != "be":
                yield {form: word for form, word in forms.items() if word}


def verb_lines() -> Iterator[str]:
    """Yield `go_goes:VB_VBZ` for each two forms of a verb that differ, both ways."""
    for forms in verbs():
        for one, other in permutations(forms, 2):
            if forms[one] != forms[other]:
                yield f"{forms[one]}_{forms[other]}:{one}_{other}"


def verb_forms() -> dict[str, list[str]]:
    """Return word -> the other forms of the verbs that it belongs to."""
    found: dict[str, set[str]] = {}
    for forms in verbs():
        for word in forms.values():
            found.setdefault(word, set()).update(forms.values())
    return {word: sorted(others - {word}) for word, others in found.items() if len(others) > 1}


def noun_numbers() -> dict[str, list[str]]:
    """Return singular -> plurals and plural -> singulars, where they differ."""
    content = read_member(ARCHIVES["lemminflect"], "lemminflect/resources/infl_lu.csv.gz")
    found: dict[str, set[str]] = {}
    for line in gzip.decompress(content).decode("utf-8").splitlines():
        lemma, kind, plurals = (*line.split(","), "", "")[:3]
        for plural in plurals.split("/") if kind == "noun" else ():
            if plural and plural != lemma:
                found.setdefault(lemma, set()).add(plural)
                found.setdefault(plural, set()).add(lemma)
    return {word: sorted(others) for word, others in found.items()}


def confusions() -> dict[str, list[str]]:
    """Return right word -> words that are written for it, also by speakers of other languages."""
    found: dict[str, set[str]] = {}
    for _, content in read_members(ARCHIVES["lingotweaker-data-en"], CONFUSIONS):
        for line in content.decode("utf-8-sig").splitlines():
            entry, _, _ = line.partition("#")
            first, arrow, second = entry.partition("->")
            words = [first, second.partition(";")[0]] if arrow else entry.split(";")[:2]
            wrong, *rest = (word.partition("|")[0].strip() for word in words)
            for right in rest:
                if wrong and right:
                    found.setdefault(right, set()).add(wrong)
                    if not arrow:
                        found.setdefault(wrong, set()).add(right)
    return {word: sorted(others - {word}) for word, others in found.items()}


def misspellings() -> dict[str, list[str]]:
    """Return word -> how people have misspelt it."""
    path = "nlpaug/res/word/spelling/spelling_en.txt"
    content = read_member(ARCHIVES["nlpaug"], path).decode("utf-8")
    found: dict[str, set[str]] = {}
    for line in content.splitlines():
        right, *wrong = line.split() or [""]
        found.setdefault(right, set()).update(wrong)
    return {word: sorted(wrong - {word}) for word, wrong in found.items() if wrong - {word}}
