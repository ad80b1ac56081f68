"""Every definition and every suite that a page of the docs shows is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from lab.datasets.definition import Definition
from lab.datasets.written import read_definition
from t5study.config import Suite
from t5study.tasks.defined import task_of

ROOT = Path(__file__).parents[2]


def examples(key: str) -> dict[str, str]:
    """The YAML examples of all pages that have a key, by the page and a number."""
    return {
        f"{page.relative_to(ROOT)}, block {number}": block
        for page in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
        for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S))
        if key in yaml.safe_load(block)
    }


DEFINITIONS, SUITES = examples("kind"), examples("units")


def test_the_examples_are_found():
    assert len(DEFINITIONS) >= 3
    assert len(SUITES) >= 2


@pytest.mark.parametrize("block", DEFINITIONS.values(), ids=DEFINITIONS)
def test_a_definition_makes_texts_of_a_row(block: str, tmp_path: Path):
    """Of a row with its columns; a classification answers with a word of its own."""
    file = tmp_path / "mine.yaml"
    file.write_text(block)
    definition = Definition("mine", read_definition(file))
    answer = next(iter(definition.labels), "an answer")
    row = dict.fromkeys(definition.inputs, "a text") | {definition.answer: answer}
    (made,) = task_of(definition).preprocess(row)
    assert "a text" in made["inputs"]
    assert made["targets"] == definition.labels.get(answer, "an answer")


@pytest.mark.parametrize("block", SUITES.values(), ids=SUITES)
def test_a_suite_has_units_and_columns_of_them(block: str):
    """Every column's metric is of a task that some unit trains."""
    suite: Any = OmegaConf.to_object(OmegaConf.merge(Suite, OmegaConf.create(block)))
    trained = {Path(name).stem for unit in suite.units.values() for name in unit.train}
    scored = {m.split(".")[0] for c in suite.columns for group in c.terms for m in group}
    assert scored == trained
