"""SQuAD v1.1's development set, as the hub has it: for evaluation only, fetched when asked for."""

from __future__ import annotations

import json

from lab.corpora.archives import ARCHIVES, read_member
from lab.corpora.prepared import Prepared, Rows


def write() -> dict[str, Rows]:
    """Return {"id", "title", "context", "question", "answers": {"text", "answer_start"}}."""
    path = "bigbench/benchmark_tasks/squad_shifts/squaddev_v1.1.json"
    articles = json.loads(read_member(ARCHIVES["bigbench"], path))["data"]
    return {
        "squad": [
            {
                "id": asked["id"],
                "title": article["title"],
                "context": paragraph["context"],
                "question": asked["question"],
                "answers": {
                    "text": [answer["text"] for answer in asked["answers"]],
                    "answer_start": [answer["answer_start"] for answer in asked["answers"]],
                },
            }
            for article in articles
            for paragraph in article["paragraphs"]
            for asked in paragraph["qas"]
        ]
    }


DATA = Prepared(name="squad", version=1, write=write, archives=("bigbench",))
