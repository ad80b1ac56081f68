"""The stage "given": a model that others pre-trained, as our own stages publish theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab import given_files
from lab.text_to_text.checkpoint import save
from lab.text_to_text.transformer import from_config
from lab.training import checkpoint
from lab.vocabulary import FILE
from t5study.given_model import OURS
from t5study.model.huggingface import load_huggingface

DROPOUT = ("dropout_rate", "dropout_form")


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes model.pt and spiece.model of `files`, the model with this stage's dropout.

    A stage's model keeps the state of its optimizer, which fine-tuning goes on with. Raises
    DataError and ModelError for files that are not there any more, or not as they were.
    """
    dropout = {name: config[name] for name in DROPOUT}
    with given_files.together(config["files"], "pretrain.from=FOLDER") as folder:
        (out / FILE).write_bytes((folder / FILE).read_bytes())
        if (folder / OURS).is_file():
            content = checkpoint.read(folder / OURS)
            content["config"] |= dropout
            checkpoint.write(out / OURS, content)
            return
        found = load_huggingface(folder)
        model = from_config(replace(found.config, **dropout), device="meta")
        model.load_state_dict(found.state_dict(), assign=True)
        save(out / OURS, model, optimizer=None, sentinels=config["sentinels"])
