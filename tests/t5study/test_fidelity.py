"""Every setting that docs/fidelity.md names exists and takes the value that it shows."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.corpora.crawl.command import add_arguments
from sweeps.asking.compose import Composer, search_path
from sweeps.study import Study
from t5study.tasks import get_task

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "fidelity.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| what")
]
SETTINGS = sorted({text for row in ROWS for text in re.findall(r"`([^`]+)`", row[-1])})
CHOSEN = [text for text in SETTINGS if "=" in text and not text.startswith("--")]
UNREAD = {"vocabulary.file=published", "tasks.wmt15_enfr.data_files={validation: [FILES]}"}
"""Named files must be there; that the key exists is all that can be asked here."""


@pytest.fixture(scope="module")
def composer() -> Iterator[Composer]:
    with search_path(ROOT / "conf/t5study"):
        yield Composer("config")


def test_rows_have_five_cells():
    """What, paper, released code, ours, setting: none is left out."""
    assert len(ROWS) > 80
    assert [row for row in ROWS if len(row) != 5 or not all(row)] == []


def test_every_setting_says_what_to_type():
    """The last column holds key=value, options of the cleaning, or none."""
    assert [s for s in SETTINGS if s not in CHOSEN and not s.startswith("--")] == []
    assert all(row[-1] == "none" or "`" in row[-1] for row in ROWS)


@pytest.mark.parametrize("setting", CHOSEN)
def test_setting_is_accepted(composer: Composer, setting: str):
    """At the paper's preset it composes, differs from the default or is it, and can run."""
    overrides = ["preset=paper"]
    if setting.startswith("architecture."):
        overrides.append("architecture=prefix_lm")
    if setting.startswith("finetuning."):
        overrides.append("finetuning=adapters")
    config = composer.resolved([*overrides, setting])
    if setting not in UNREAD:
        assert Study("t5study").cell(config).scores
    *parents, last = setting.partition("=")[0].split(".")
    node = config
    for name in parents:
        node = node[name]
    assert last in node


@pytest.mark.parametrize("setting", [s for s in CHOSEN if s.startswith("tasks.")])
def test_tasks_setting_changes_the_task(setting: str):
    """It is a keyword of get_task with a default of its own."""
    (task, name), value = setting.removeprefix("tasks.").split("=")[0].split("."), setting
    if name != "data_files":
        chosen = value.partition("=")[2]
        given = {"true": True}.get(chosen, chosen)
        assert get_task(task, **{name: given}).settings[name] == given
        assert get_task(task).settings[name] != given


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.startswith("--")])
def test_cleaning_knows_the_option(setting: str):
    """Its parser has it."""
    parser = argparse.ArgumentParser()
    add_arguments(parser.add_subparsers())
    words = ["--input", "crawl", "--output", "c4", *setting.split()]
    options = vars(parser.parse_args(["clean", *words]))
    name = setting.split()[0].removeprefix("--").replace("-", "_")
    assert str(options[name]) == setting.split()[1]
