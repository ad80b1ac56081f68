"""Labels say what really ran."""

from __future__ import annotations

import pytest

from sweeps.asking.placeholders import fill, strip
from sweeps.errors import ConfigurationError


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("K = {a.limit}", "K = 2^16"),
        ("{a.repeats} repeats", "1,024 repeats"),
        ("d{a.name!=x}", "d"),
        ("d{a.name!=y}", "d (x)"),
        ("d{a.rate!=1|times}", "d (1.5 times)"),
    ],
)
def test_placeholders(label: str, shown: str):
    """Values as one writes them; a usual value needs no words."""
    config = {"a": {"limit": 65536.0, "repeats": 1024, "name": "x", "rate": 1.5}}
    assert fill(label, config) == shown


def test_placeholder_without_a_key():
    """The complaint names the label and the nearest key."""
    with pytest.raises(ConfigurationError, match=r"no key 'a\.limt'.*limit"):
        fill("K = {a.limt}", {"a": {"limit": 1}})


def test_name_is_the_label_without_placeholders():
    """What a published table is compared by."""
    assert strip("RealNews-like{dataset.corpus!=x}") == "RealNews-like"
