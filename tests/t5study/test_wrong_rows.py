"""Rows of a sweep file that are wrong: each complaint names the file and the row."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps.asking.compose import Composer, search_path
from sweeps.asking.expand import Expansion
from sweeps.errors import ConfigurationError
from sweeps.hardware.fit import Fit
from sweeps.hardware.room import Room
from sweeps.search.ascent import advance
from sweeps.store import Store

CONF = Path(__file__).parents[2] / "conf/t5study"
HEAD = "study: t5study\ntitle: Mine\n"
WRONG = {
    "misspelt": (
        "objective=spam",
        "objective=spam: unknown objective 'spam'. Did you mean 'span'? "
        "Known: bert, deshuffling, drop, iid, lm, mass, prefix_lm, span.",
    ),
    "value": ("corruption=2", "corruption=2: a rate lies between 0 and 1."),
    "kind": ("corruption=high", "corruption=high: accepted is a number."),
    "axis": ("objectve=span", "objectve=span: unknown key 'objectve'. Did you mean 'objective'? "),
    "syntax": (
        "corruption",
        "corruption: not an override: missing EQUAL at '<EOF>'. Type key=value, without spaces.",
    ),
    "conflict": (
        "span_length=4",
        "span_length=4: the command line sets span_length=5; one of them must go.",
    ),
}


def said(file: Path, *overrides: str, room: Room | None = None) -> list[str]:
    """Every complaint about a sweep file, as a run with these overrides makes it."""
    with search_path(CONF):
        asked = [f"sweep={file}", f"store={file.parent}/store", *overrides]
        fit = Fit(cluster=False, room=(lambda stage, run: room) if room else None)
        expansion = Expansion(Composer("config"), asked, fit)
        try:
            (sweep,) = expansion.sweeps()
            assert sweep.search
            advance(expansion, sweep, Store(expansion.run["store"]))
        except ConfigurationError as error:
            return error.complaints
        return []


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Where a test writes its sweep file."""
    return tmp_path / "mine.yaml"


@pytest.mark.parametrize(("override", "complaint"), WRONG.values(), ids=WRONG)
def test_the_file_and_the_row_are_named(mine: Path, override: str, complaint: str):
    """Whatever is wrong with it."""
    mine.write_text(f"{HEAD}rows: [{{label: Usual}}, {{label: Other, overrides: [{override}]}}]\n")
    (line,) = said(mine, "span_length=5")
    assert line.startswith(f"mine.yaml: row 'Other': {complaint}")


@pytest.mark.parametrize(("override", "complaint"), WRONG.values(), ids=WRONG)
def test_the_candidate_of_a_search_is_named(mine: Path, override: str, complaint: str):
    """On the first axis, and on a later one, whatever would win before it; but for values, which
    depend on the winners."""
    for later in (False, True) if override != "corruption=2" else (False,):
        axes = [
            f"{{name: Rate, candidates: [{{label: Other, overrides: [{override}]}}]}}",
            "{name: Model, candidates: [{label: pico, overrides: [size=pico]}]}",
        ]
        listed = ", ".join(reversed(axes) if later else axes)
        mine.write_text(f"{HEAD}search: {{axes: [{listed}]}}\n")
        (line,) = said(mine, "span_length=5")
        assert line.startswith(f"mine.yaml: candidate 'Other' of 'Rate': {complaint}")


def test_all_mistakes_of_all_rows_come_together(mine: Path):
    """Two of one row, one of another, one in a label, and a conflict."""
    mine.write_text(
        f"{HEAD}rows:\n"
        "  - {label: A, overrides: [objective=spam, seeds=3]}\n"
        "  - {label: B, overrides: [corruption=2]}\n"
        "  - {label: 'C {dataset.corpsu}', overrides: [size=pico]}\n"
        "  - {label: D, overrides: [span_length=9]}\n"
    )
    found = said(mine, "span_length=3")
    assert [line.partition(": ")[2].partition(": ")[0] for line in found] == [
        "row 'D'",
        "row 'A'",
        "row 'A'",
        "row 'B'",
        "row 'C {dataset.corpsu}'",
    ]
    assert "Did you mean 'corpus'?" in found[-1]


def test_what_is_wrong_with_every_row_is_said_once(mine: Path):
    """A mistake of the command line is none of the file's."""
    mine.write_text(
        f"{HEAD}rows: [{{label: A}}, {{label: B, overrides: [size=pico]}}, "
        "{label: C, overrides: [objective=span, precision=8]}]\n"
    )
    found = said(mine, "corruption=2")
    assert found[0] == "corruption=2: a rate lies between 0 and 1."
    (other,) = found[1:]
    assert other.startswith("mine.yaml: row 'C': precision=8: accepted are 32-true")


def test_a_row_that_does_not_fit_the_machine_is_named(mine: Path):
    """The others are not."""
    mine.write_text(f"{HEAD}rows: [{{label: Small}}, {{label: Large, overrides: [size=large]}}]\n")
    found = said(mine, room=Room(where="this machine", memory_bytes=4 * 2**30))
    assert found
    for line in found:
        assert line.startswith("mine.yaml: row 'Large': ")
        assert " GiB of memory, and this machine has 4. Take " in line
