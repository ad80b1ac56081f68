"""A finished stage's model as a folder of Hugging Face's T5, with its tokenizer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from lab.errors import ModelError
from lab.text_to_text.checkpoint import load
from lab.unigram import tokenizer, write_tokenizer
from lab.vocabulary import FILE
from t5study.given_model import OURS
from t5study.model.huggingface import save_huggingface

SELECTION = "selection.json"
WITH_MODELS = ("pretrain", "given", "finetune")


def huggingface(name: str, folder: Path, inputs: Mapping[str, Path], out: Path) -> list[str]:
    """Write config.json, model.safetensors, spiece.model and tokenizer.json into `out`.

    Of a fine-tuning the checkpoint that is best on validation, on the average where it has several
    tasks. Gives what is to be said of it. Raises ModelError for a stage without a model, or whose
    model T5 has no place for.
    """
    if name not in WITH_MODELS:
        raise ModelError(f"{name} {folder.name} has no model; of {', '.join(WITH_MODELS)} one has.")
    file, rule = _chosen(folder)
    vocabulary = (folder if name == "given" else inputs.get("vocabulary", folder)) / FILE
    if not vocabulary.is_file():
        raise ModelError(f"The vocabulary of {name} {folder.name} is not in the store any more.")
    model, content = load(file, device="cpu")
    save_huggingface(model, out)
    shutil.copyfile(vocabulary, out / FILE)
    write_tokenizer(tokenizer(vocabulary.read_bytes(), content["sentinels"]), out)
    return [f"The model of {name} {folder.name}, {file.name}{rule}."]


def _chosen(folder: Path) -> tuple[Path, str]:
    """The file of the model, and why it is this one of several."""
    if not (folder / SELECTION).is_file():
        return folder / OURS, ""
    selection = json.loads((folder / SELECTION).read_text("utf-8"))
    (first, *others) = selection.values()
    file = folder / first["best_together" if others else "best"]
    on = "the average of its tasks" if others else next(iter(selection))
    return file, f": of its checkpoints the best on validation of {on}"
