"""What the registry suite's tasks are evaluated on, beside the embedded ones: in no corpus."""

from __future__ import annotations

import functools

from lab.corpora.embedded import EVALUATED, held_out
from lab.corpora.held_out import HeldOut
from lab.datasets.registry import help_pages, messages

TRANSLATED = (help_pages.DATA, messages.DATA)
ALL = (*EVALUATED, *TRANSLATED)


@functools.cache
def everything_held_out() -> HeldOut:
    """Return the validation and test texts of the embedded tasks and of the registry's."""
    return held_out(ALL)


@functools.cache
def translations_held_out() -> HeldOut:
    """Return those of the registry's own tasks, which the embedded corpora do not know of."""
    return held_out(TRANSLATED)
