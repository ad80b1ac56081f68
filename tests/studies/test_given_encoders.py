"""`pretrain.from` on the command lines of the studies of encoders."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from lab.encoder.checkpoint import load_encoder
from sweeps.__main__ import main
from sweeps.asking.command import Command, by_study
from sweeps.asking.preflight import composer_of
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph

transformers = pytest.importorskip("transformers")

ROOT = Path(__file__).parents[2]
SHAPE = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 64,
    "embedding_size": 8,
}
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] it lasted days . ##1 ##2 1 2 3"


def saved(folder: Path, family: str) -> Path:
    torch.manual_seed(2)
    config = getattr(transformers, f"{family}Config")(vocab_size=len(WORDS.split()), **SHAPE)
    getattr(transformers, f"{family}Model")(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS.split()) + "\n")
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A randomly initialized encoder of each study's family, with one vocabulary."""
    place = tmp_path_factory.mktemp("models")
    return {
        study: saved(place / f"tiny_{study}", study.capitalize()) for study in ("electra", "albert")
    }


def cells(study: str, *words: str) -> list[Any]:
    """The cells of a command line, in order."""
    asked = Command(
        by_study([f"study={study}", "preset=smoke", "finetune.length=32", *words], study),
        composer_of,
    )
    return [cell for sweep in asked.sweeps() for row in sweep.rows for cell in row.cells]


def said(study: str, *words: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        cells(study, *words)
    return refused.value.complaints


@pytest.mark.parametrize("study", ["electra", "albert"])
def test_nothing_is_pre_trained(folders: dict[str, Path], study: str):
    """Encoder and vocabulary are one stage, of which all fine-tunings are; the table says so."""
    typed = f"pretrain.from={folders[study]}"
    (cell,) = cells(study, typed, "finetune.layer_decay=1")
    found = Graph(cell.scores.values()).stages.values()
    assert {stage.name for stage in found} == {"given", "finetune", "evaluate"}
    (given,) = (stage for stage in found if stage.name == "given")
    for stage in found:
        if stage.name == "finetune":
            assert stage.inputs == {"pretrain": given, "vocabulary": given}
    (note,) = [line for line in cell.footnotes if "Pre-trained elsewhere" in line]
    assert f"rows start from tiny_{study} (2 layers of width 16" in note
    assert "14 pieces" in note
    assert not [column.name for column in cell.columns if column.name in ("D AUC", "MLM")]


def test_the_row_without_pre_training_has_its_shape(folders: dict[str, Path]):
    (cell,) = cells("electra", f"pretrain.from={folders['electra']}", "objective=none")
    found = Graph(cell.scores.values()).stages.values()
    assert all(
        (stage.config["encoder"]["width"], [*stage.inputs]) == (16, ["vocabulary"])
        for stage in found
        if stage.name == "finetune"
    )
    assert "Without pre-training: the shape and the vocabulary of tiny_electra" in " ".join(
        cell.footnotes
    )


def test_what_does_not_go_with_it_is_refused(folders: dict[str, Path], tmp_path: Path):
    """Settings of pre-training, rates by layer where layers are one, a length without positions."""
    typed = {study: f"pretrain.from={folder}" for study, folder in folders.items()}
    why = "is trained already. Leave it out; or leave out pretrain.from, to pre-train here."
    for study, word in (
        ("electra", "objective=bert"),
        ("electra", "pretrain.steps=7"),
        ("albert", "sharing=none"),
    ):
        words = [typed[study], word, "finetune.layer_decay=1"]
        assert said(study, *words) == [f"{word}: not read, because {typed[study]} {why}"]
    (complaint,) = said("albert", typed["albert"], "finetune.layer_decay=0.9")
    assert complaint.endswith("have one rate. Type finetune.layer_decay=1.")
    (complaint,) = said("electra", typed["electra"], "evaluate.cost=true")
    assert complaint.endswith("is not known. Type evaluate.cost=false.")
    asked = Command(
        by_study(
            ["study=electra", "preset=smoke", "finetune.length=96", typed["electra"]], "electra"
        ),
        composer_of,
    )
    with pytest.raises(ConfigurationError) as refused:
        asked.sweeps()
    assert refused.value.complaints == [
        "finetune.length=96: the encoder has 64 positions. Shorten the rows."
    ]
    (complaint,) = said("electra", f"pretrain.from={tmp_path / 'none'}")
    assert "no such folder" in complaint


def test_a_table_from_an_encoder_and_the_way_back(folders: dict[str, Path], tmp_path: Path):
    """Fine-tuned for two updates, scored, exported for their library."""
    rows = [f"It lasted {n} days.,{('no', 'yes')[n % 2]}" for n in range(60)]
    (tmp_path / "reviews.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    (tmp_path / "reviews.yaml").write_text(
        "{kind: classification, data: reviews.csv, input: '{text}', answer: label, "
        "labels: ['no', 'yes'], title: Mine}"
    )
    store, folder = tmp_path / "store", folders["electra"]
    words = (
        f"study=electra pretrain.from={folder} suite.tasks=[reviews.yaml] finetune.steps=2 "
        f"finetune.batch_size=4 finetune.length=16 finetune.seeds=1 precision=32-true seed=0 "
        f"workers=1 threads=1 store={store}"
    ).split()
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "150", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert re.search(r"^\| ★ baseline +\| +\**\d+\.\d\d", done.stdout, re.MULTILINE), done.stdout
    assert "rows start from tiny_electra (2 layers of width 16" in done.stdout
    (stage,) = (store / "finetune").iterdir()
    out = tmp_path / "exported"
    assert main(["export", "--store", str(store), "--huggingface", stage.name, str(out)]) == 0
    before, after = (transformers.AutoModel.from_pretrained(one).eval() for one in (folder, out))
    ids = torch.tensor([[2, 5, 6, 13, 7, 8, 3]])
    with torch.no_grad():
        expected = load_encoder(stage / "encoder.pt").eval()(ids)
        found = after(ids).last_hidden_state
        assert not torch.allclose(before(ids).last_hidden_state, expected, atol=1e-2)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    tokens = transformers.AutoTokenizer.from_pretrained(out)
    assert tokens("It lasted 3 days.").input_ids == [2, 5, 6, 13, 7, 8, 3]
