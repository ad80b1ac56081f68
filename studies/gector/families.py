"""The kinds of tags by name: basic ones alone, or g-transformations too (Table 2)."""

from __future__ import annotations

from studies.gector.tags.transformations import Basic, Family, Transformations
from studies.gector.tags.verbs import VerbForms, verb_forms

KINDS = ("all", "basic")


def family(kind: str) -> Family:
    """What finds the tags of pairs. Raises DataError where the table of verbs cannot be had."""
    return Basic() if kind == "basic" else transformations(kind)


def transformations(kind: str) -> Transformations:
    """What carries tags out; basic ones need no forms of verbs. Raises DataError."""
    return Transformations(VerbForms() if kind == "basic" else verb_forms())
