"""What the reference cases say of functions beside those that the adapters ask."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.corpora.cleaning import clean_page
from lab.text_to_text.config import model_config
from lab.text_to_text.flops import parameters
from t5study.tasks import get_task


def cases(area: str) -> list[dict[str, Any]]:
    """The cases of a file."""
    path = Path(__file__).with_name("cases") / f"t5study/{area}.json"
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return found


def find(area: str, begins: str) -> dict[str, Any]:
    return next(case for case in cases(area) if case["case"].startswith(begins))


@pytest.mark.parametrize("framed", [False, True])
def test_a_translation_task_takes_the_pair_with_or_without_its_frame(framed: bool):
    """As the hub has it, {"translation": {...}}, and as a file may."""
    case = find("tasks", "translate")
    raw = {"translation": case["input"]} if framed else case["input"]
    assert get_task("wmt14_ende").preprocess(raw) == [case["expected"]]


@pytest.mark.parametrize(
    "case", [c for c in cases("tasks") if c["case"] == "wsc_simple"], ids=lambda c: str(c["input"])
)
@pytest.mark.parametrize("name", ["super_glue_wsc", "glue_wnli"])
def test_each_winograd_task_has_the_released_match(name: str, case: dict[str, Any]):
    """WNLI's own as well as WSC's."""
    made = {"targets": case["input"]["referent"], "label": 1}
    assert get_task(name).postprocess(case["input"]["prediction"], made) == case["expected"]


COUNTED = {
    "enc-dec 12+12": ("encoder_decoder",),
    "shared enc-dec (decoder stack only)": ("shared",),
    "6+6": ("half",),
    "LM/prefix-LM 12": ("language_model", "prefix_lm"),
}


@pytest.mark.parametrize("name", COUNTED)
def test_parameter_counts_by_formula(name: str):
    """What costs are worked out from, without a model."""
    (case,) = [case for case in cases("model") if case["area"] == "model"]
    for architecture in COUNTED[name]:
        assert parameters(model_config(architecture, "base")) == case["expected"][name]


@pytest.mark.parametrize(("before", "kept"), [("", True), ("An ", False), ("(", False)])
def test_a_bad_word_needs_something_before_it(before: str, kept: bool):
    """At a line's very start the released pattern does not match."""
    case = find("c4", "badword at very start of line")
    (line,) = re.findall(r"on '(ass .*?)'", case["input"])
    page = f"{before}{line} It lives. So do others."
    assert (clean_page(page, ["ass"]) is not None) is kept
