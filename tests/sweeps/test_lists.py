"""A list given for settings by name sets the key that the study says."""

from __future__ import annotations

import pytest

from sweeps.asking.schema import lists_of, respelled
from sweeps.errors import ConfigurationError


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("tasks=[a.yaml]", "suite.tasks=[a.yaml]"),
        ("tasks= [a.yaml,b]", "suite.tasks=[a.yaml,b]"),
        ("tasks=[a],[b]", "suite.tasks=[a],[b]"),
        ("tasks=a.yaml", "suite.tasks=[a.yaml]"),
        ("tasks=/own/a-1.yaml", "suite.tasks=[/own/a-1.yaml]"),
        ("tasks='a b.yaml'", "suite.tasks='a b.yaml'"),
        ("tasks={a: {words: any}}", "tasks={a: {words: any}}"),
        ("tasks.a.words=any", "tasks.a.words=any"),
        ("tasks=null", "tasks=null"),
        ("objective=[a]", "objective=[a]"),
        ("tasks", "tasks"),
    ],
)
def test_a_list_goes_to_the_key_of_lists(typed: str, read: str):
    """Settings by name, and other keys, stay as they are typed."""
    assert respelled(typed, lists_of("t5study")) == read


def test_several_names_without_brackets_are_no_axis():
    """Each would be a row of one task: what was meant is one list."""
    with pytest.raises(ConfigurationError) as raised:
        respelled("tasks=a.yaml,boolq", lists_of("t5study"))
    assert str(raised.value) == (
        "tasks=a.yaml,boolq: a list stands in brackets. Type 'tasks=[a.yaml,boolq]'."
    )
