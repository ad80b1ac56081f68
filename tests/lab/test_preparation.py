"""What is told while data are fetched and built."""

from __future__ import annotations

from lab.preparation import Steps


def test_fetching_is_told_by_tenths_of_its_bytes() -> None:
    """What is fetched stands in the first line only."""
    said: list[str] = []
    steps = Steps(said.append)
    for done in (0, 100_000, 500_000, 520_000, 1_000_000, 5_000_000, 10_000_000, 10_000_000):
        steps("fetching nltk 1 and scipy 2", done, 10_000_000)
    assert said == [
        "  fetching nltk 1 and scipy 2: 0.1 of 10.0 MB",
        "  fetching: 1.0 of 10.0 MB",
        "  fetching: 5.0 of 10.0 MB",
        "  fetching: 10.0 of 10.0 MB",
    ]


def test_each_data_set_that_is_built_is_counted() -> None:
    """One line each, and none for the beginning."""
    said: list[str] = []
    steps = Steps(said.append)
    steps("building data sets", 0, 3)
    for done, name in enumerate(("books", "docs", "glosses"), start=1):
        steps(f"built {name}", done, 3)
    assert said == ["  built books: 1 of 3", "  built docs: 2 of 3", "  built glosses: 3 of 3"]
