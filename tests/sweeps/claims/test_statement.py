"""Claims as they are written: names of rows that hold any sign, chains, and all complaints."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.claims.statement import Claim, names_of_rows, read_claims

ROWS = {row: row for row in ("A", "A, b=1 > c", "B", "2 × size, 2 × steps", "K = 2^16")}
WORDS = st.text(st.sampled_from("ab ,<>~=×%()"), min_size=1, max_size=8)
NAMES = st.lists(
    WORDS.map(lambda text: f"r{' '.join(text.split())}s"), min_size=2, max_size=5, unique=True
)


def read(*entries: Any) -> tuple[tuple[Claim, ...], list[str]]:
    return read_claims(list(entries), ROWS)


@given(names=NAMES, relations=st.lists(st.sampled_from("<>"), min_size=4, max_size=4))
def test_a_chain_of_any_names_is_read_back(names: list[str], relations: list[str]) -> None:
    """Commas, signs and spaces belong to a name; each step is a claim of its neighbours."""
    steps = list(zip(names, relations, names[1:], strict=False))
    that = names[0] + "".join(f" {relation} {right}" for _, relation, right in steps)
    claims, _ = read_claims([that], {name: name for name in names})
    assert [(c.left, c.relation, c.right) for c in claims] == steps
    assert [c.step for c in claims] == list(range(1, len(names)))


def test_the_longest_name_is_meant() -> None:
    """A row whose name holds another name and a sign."""
    claims, complaints = read("A, b=1 > c > B", {"that": "K = 2^16 ~ A", "within": 1})
    assert complaints == []
    assert [(c.left, c.relation, c.right, c.within) for c in claims] == [
        ("A, b=1 > c", ">", "B", None),
        ("K = 2^16", "~", "A", 1.0),
    ]


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("A > K = 2^15", "claim 1: no row 'K = 2^15'. Did you mean 'K = 2^16'? Known: A, "),
        ("A > A", "claim 1: 'A' is set against itself. Name two rows."),
        ("A", "claim 1: 'A' sets a row against nothing. Write A > B."),
        (
            "(A - B)",
            "claim 1: '(A - B)' sets a difference against nothing. Write (A - B) > (C - D).",
        ),
        (
            "(A - B) > A",
            "claim 1: '(A - B)' is a difference and 'A' a row. Set a row against a row, or a "
            "difference against a difference.",
        ),
        (
            "(A - B) > (K = 2^16 - B)",
            "claim 1: 'B' is on both sides alike and says nothing. Write A > K",
        ),
        (
            "(A - B) < (A - K = 2^16)",
            "claim 1: 'A' is on both sides alike and says nothing. Write K = 2^16 < B.",
        ),
        ("(A - B) > (B - A)", "claim 1: '(B - A)' is '(A - B)' the other way round. Write A > B."),
        ("(A - B) > (A - B)", "claim 1: '(A - B)' is set against itself. Name two differences."),
        ("(A - A) > (B - A)", "claim 1: 'A' is set against itself. Name two rows."),
        ("(A - Z) > (B - A)", "claim 1: no row 'Z'. Known: A, "),
        ("A - B > (B - A)", "claim 1: no row 'A - B'. Write a difference in brackets: (A - B)."),
        ("Z", "claim 1: 'Z' is no claim: write two rows with >, < or ~ between them. Known: A, "),
        ({"that": "A ~ B"}, "claim 1: a claim with ~ needs a margin, in the column's unit: "),
        ({"that": "A ~ B", "within": 0}, "claim 1: within: 0; accepted is a number above 0."),
        ({"that": "A ~ B", "within": -1}, "claim 1: within: -1; accepted is a number above 0."),
        ({"that": "A ~ B", "within": True}, "claim 1: within: True; accepted is a number above"),
        ({"that": "A > B", "within": 1}, "claim 1: within: 1 belongs to a claim with ~. Leave "),
        ({"that": "A > B", "whithin": 1}, "claim 1: unknown key 'whithin'. Did you mean 'within'"),
        ({"that": ""}, "claim 1: 'that' is missing: say what is claimed, such as"),
        ({}, "claim 1: 'that' is missing: say what is claimed, such as"),
        (3, "claim 1: a claim is a mapping, such as"),
        ({"that": "A > B", "columns": []}, "claim 1: columns: []; accepted is a list of names"),
        ({"that": "A > B", "columns": ["x", "x"]}, "claim 1: columns: 'x' is named twice."),
        ({"that": "A > B", "section": 3}, "claim 1: section is a text, not 3."),
        (
            {"that": "A > B", "ruler": {"deviation": 1, "runs": 1, "source": "x"}},
            "claim 1: ruler: runs: 1; accepted is a whole number from 2 up.",
        ),
    ],
)
def test_a_mistake_is_a_line(entry: Any, complaint: str) -> None:
    """With its claim, what was written, and what to write."""
    _, complaints = read(entry)
    (line,) = complaints
    assert line.startswith(complaint) or complaint in line


def test_differences_stand_in_brackets() -> None:
    """Each of two rows, whose names may hold signs and brackets; a chain's steps share theirs."""
    rows = {row: row for row in ("A", "B", "(C)", "C - D", "(A - B)", "x > (A)")}
    claims, complaints = read_claims(
        ["(A-B) > (C - D - A) < ((C) - x > (A))", "(A - B) > (C)", "(B - A) > (A - (C))"], rows
    )
    assert complaints == []
    assert [(c.that, c.sides) for c in claims] == [
        ("(A - B) > (C - D - A)", (("A", "B"), ("C - D", "A"))),
        ("(C - D - A) < ((C) - x > (A))", (("C - D", "A"), ("(C)", "x > (A)"))),
        ("(A - B) > (C)", (("(A - B)",), ("(C)",))),
        ("(B - A) > (A - (C))", (("B", "A"), ("A", "(C)"))),
    ]
    assert [c.weights for c in claims[2:]] == [
        {"(A - B)": 1, "(C)": -1},
        {"B": 1, "A": -2, "(C)": 1},
    ]
    assert claims[0].weights == {"A": 2, "B": -1, "C - D": -1}


def test_what_cannot_all_hold() -> None:
    """A pair, a circle over several claims, the same claim twice; other columns do not meet."""
    assert read("A > B", "A < B")[1] == [
        "claims: 'A < B' contradicts 'A > B'. Keep what you believe."
    ]
    assert read("A > B > K = 2^16", "K = 2^16 > A")[1] == [
        "claims: 'K = 2^16 > A' contradicts 'A > B' and 'B > K = 2^16'. Keep what you believe."
    ]
    assert read("A > B", "B < A")[1] == ["claims: 'B < A' is claimed twice. Keep one."]
    gains = "(A - B) > (K = 2^16 - A, b=1 > c)", "(K = 2^16 - A, b=1 > c) > (A - B)"
    assert read("A > B", *gains)[1] == [
        f"claims: {gains[1]!r} contradicts {gains[0]!r}. Keep what you believe."
    ]
    apart = [{"that": "A > B", "columns": ["x"]}, {"that": "B > A", "columns": ["y"]}]
    assert read(*apart)[1] == []


def test_rows_go_by_label_and_by_name() -> None:
    """A name of two rows means neither; a label its own row, whatever others are called."""
    rows = names_of_rows([("{k} repeats", ("repeats", "2^29")), ("x repeats", ("repeats", "x"))])
    claims, complaints = read_claims(["2^29 > x"], *rows)
    assert complaints == []
    assert [(c.left, c.right) for c in claims] == [("{k} repeats", "x repeats")]
    assert read_claims(["repeats > x"], *rows)[1] == [
        "claim 1: several rows are called 'repeats'. Name one by its label."
    ]


def test_nothing_and_no_list() -> None:
    """`claims:` with nothing behind it claims nothing, which is a mistake."""
    assert read_claims([], ROWS)[1] == [
        'claims is empty: give it a claim, such as {that: "A > B"}, or leave it out.'
    ]
    assert read_claims(None, ROWS)[1][0].startswith("claims is a list")


def test_a_record_keeps_all_of_a_claim() -> None:
    """Written as JSON and read again, it is the same claim."""
    ruler = {"deviation": 0.3, "runs": 5, "source": "Table 2"}
    more = {"within": 1, "columns": "x", "section": "3.1", "ruler": ruler}
    claims, complaints = read(
        {"that": "A ~ B", **more}, {"that": "(A - B) ~ (B - K = 2^16)", **more}
    )
    assert complaints == []
    assert [Claim.from_json(json.loads(json.dumps(c.to_json()))) for c in claims] == [*claims]
