"""`pretrain.from`: a model that others pre-trained takes the place of pre-training."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from lab.by_content import note_file
from lab.text_to_text.checkpoint import load
from lab.training import checkpoint
from lab.unigram import tokenizer, write_tokenizer
from lab.vocabulary import FILE, Vocabulary, train_vocabulary
from sweeps.__main__ import main
from sweeps.asking.compose import Composer, search_path
from sweeps.asking.expand import Expansion
from sweeps.errors import ConfigurationError
from sweeps.stage import Stage, adopt_all
from t5study import given_model, texts
from t5study.cells import cell
from t5study.config import Schema
from t5study.resolved import Resolved
from t5study.training import given

transformers = pytest.importorskip("transformers")

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf/t5study"
TEXTS = [f"It was day {n} of {n * n % 97}, and the {n % 13} cats slept." for n in range(200)]
SHAPE = {"vocab_size": 256, "d_model": 16, "d_ff": 24, "d_kv": 4, "num_heads": 2, "num_layers": 2}
V11 = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A randomly initialized T5 v1.1 as `transformers` saves it, with a vocabulary of 60 pieces."""
    made = tmp_path_factory.mktemp("models") / "tiny_t5"
    torch.manual_seed(1)
    model = transformers.T5ForConditionalGeneration(transformers.T5Config(**SHAPE, **V11))
    model.save_pretrained(made)
    train_vocabulary(TEXTS, 60, made)
    return made


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    """One that may be changed."""
    return Path(shutil.copytree(folder, tmp_path / "copied"))


def stages(config: Schema) -> dict[str, Stage]:
    """A cell's stages by name, one of each."""
    stack, found = list(adopt_all(cell(config)["scores"].values())), {}
    while stack:
        stage = stack.pop()
        found[stage.name] = stage
        stack += stage.inputs.values()
    return found


def said(*overrides: str) -> list[str]:
    """The complaints about these overrides."""
    with search_path(CONF):
        try:
            Expansion(Composer("config"), overrides).sweeps()
        except ConfigurationError as error:
            return error.complaints
    return []


def test_no_stage_before_fine_tuning_runs(configured: Callable[..., Schema], folder: Path):
    """Weights and vocabulary are one stage; the row without pre-training has its shape."""
    config = configured(pretrain__from_=str(folder))
    found = stages(config)
    assert set(found) == {"given", "finetune", "evaluate"}
    assert found["finetune"].inputs == {"vocabulary": found["given"], "pretrain": found["given"]}
    config.strategy.name = "no_pretraining"
    alone = stages(config)["finetune"]
    assert alone.inputs == {"vocabulary": found["given"]}
    assert {**alone.config["model"], **SHAPE} == alone.config["model"]
    assert alone.config["model"]["feed_forward"] == "gated_gelu"


def test_the_key_is_of_the_content(configured: Callable[..., Schema], folder: Path, copied: Path):
    """Not of the place, the seed or what pre-training would have read; of weights and dropout."""

    def key(where: Path, **changes: Any) -> str:
        return stages(configured(pretrain__from_=str(where), **changes))["given"].key

    assert key(copied) == key(folder)
    assert key(folder, pretrain__seed=5, objective__name="lm", size__name="micro") == key(folder)
    assert key(folder, model__dropout_rate=0.3) != key(folder)
    weights = copied / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\x00\x00\x00\x3f")
    assert key(copied) != key(folder)


def test_the_stage_computes_what_their_model_does(
    configured: Callable[..., Schema], folder: Path, tmp_path: Path
):
    stage = stages(configured(pretrain__from_=str(folder), model__dropout_rate=0.25))["given"]
    for path in (folder / "config.json", folder / "model.safetensors", folder / FILE):
        note_file(path, path.suffix)
    given.run(stage.config, {}, tmp_path, None)
    model, content = load(tmp_path / "model.pt", device="cpu")
    assert (model.config.dropout_rate, content["sentinels"]) == (0.25, 100)
    assert (tmp_path / FILE).read_bytes() == (folder / FILE).read_bytes()
    theirs = transformers.T5ForConditionalGeneration.from_pretrained(folder).eval()
    inputs, targets = torch.randint(3, 160, (2, 7)), torch.randint(3, 160, (2, 5))
    with torch.no_grad():
        expected = theirs(input_ids=inputs, decoder_input_ids=targets).logits
        torch.testing.assert_close(model.eval()(inputs, targets), expected, atol=1e-4, rtol=0)


def test_a_tokenizer_file_is_a_vocabulary_too(configured: Callable[..., Schema], copied: Path):
    """What newer versions of the library save."""
    spiece = copied / FILE
    write_tokenizer(tokenizer(spiece.read_bytes(), 100), copied)
    before = Vocabulary(spiece)
    spiece.unlink()
    found = given_model.given_model(configured(pretrain__from_=str(copied)))
    assert found is not None
    assert (found.pieces, found.sentinels) == (60, 100)
    assert Vocabulary(found.files[FILE]).encode(TEXTS[3]) == before.encode(TEXTS[3])


def test_a_stage_of_a_store(configured: Callable[..., Schema], folder: Path, tmp_path: Path):
    """By its folder, or by the start of its key; its vocabulary lies in the same store."""
    place, settings = tmp_path / "pretrain" / ("ab12" * 5), given_model._read(folder)
    place.mkdir(parents=True)
    described = {
        "config": {"model": settings, "sentinels": 30},
        "inputs": {"vocabulary": "cd34", "corpus": "ef56"},
    }
    (place / "stage.json").write_text(json.dumps(described))
    checkpoint.write(place / "model.pt", {"config": settings, "weights": {}, "optimizer": {"a": 1}})
    config = configured(pretrain__from_="ab12", pretrain__store=str(tmp_path))
    with pytest.raises(given_model.StudyError, match=r"its vocabulary, .*cd34.* is not there"):
        cell(config)
    shutil.copytree(folder, tmp_path / "vocabulary" / "cd34")
    by_key, by_place = stages(config), stages(configured(pretrain__from_=str(place)))
    assert by_key["given"].key == by_place["given"].key
    assert by_key["given"].config["sentinels"] == 30
    for path in (place / "model.pt", folder / FILE):
        note_file(path, path.suffix)
    out = tmp_path / "out"
    out.mkdir()
    given.run(by_key["given"].config, {}, out, None)
    content = checkpoint.read(out / "model.pt")
    assert content["optimizer"] == {"a": 1}
    assert content["config"]["dropout_rate"] == config.model.dropout_rate


BROKEN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no settings": (lambda f: (f / "config.json").unlink(), "has no config.json; give the folder"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no model.safetensors or"),
    "no vocabulary": (lambda f: (f / FILE).unlink(), "no vocabulary: .*vocabulary.file=FILE"),
    "cut weights": (
        lambda f: (f / "model.safetensors").write_bytes(b"\x08\x00"),
        "damaged or cut short at 2 bytes.*Download it again",
    ),
    "a pointer": (
        lambda f: (f / "model.safetensors").write_text("version https://git-lfs.github.com"),
        "is a Git LFS pointer.*git lfs pull",
    ),
    "another family": (
        lambda f: rewrite(f, model_type="bart"),
        "Unknown model_type 'bart'.*Known: t5, mt5",
    ),
    "another width": (lambda f: rewrite(f, d_model=32), "has shape .* config.json asks for"),
    "no number": (lambda f: rewrite(f, d_model="wide"), "config.json holds what no T5 has"),
    "another padding": (lambda f: rewrite(f, pad_token_id=3), "pad_token_id=3; a T5 has 0"),
    "a large vocabulary": (
        lambda f: train_vocabulary(TEXTS, 320, f, byte_fallback=True),
        "320 pieces and its embedding only 256 rows: they do not belong together",
    ),
}


def rewrite(folder: Path, **settings: Any) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_folder_that_cannot_be_read(configured: Callable[..., Schema], copied: Path, wrong: str):
    """Is refused when the cell is made, with what was typed and what to do."""
    damage, complaint = BROKEN[wrong]
    damage(copied)
    with pytest.raises(given_model.StudyError, match=complaint) as refused:
        cell(configured(pretrain__from_=str(copied)))
    assert str(refused.value).startswith(f"pretrain.from={copied}: ")


def test_a_place_that_is_none(configured: Callable[..., Schema], tmp_path: Path):
    for typed, complaint in (
        (str(tmp_path / "none"), "no such folder"),
        ("abcdef", f"{tmp_path} has no finished pretrain stage of this key"),
    ):
        with pytest.raises(given_model.StudyError, match=complaint):
            cell(configured(pretrain__from_=typed, pretrain__store=str(tmp_path)))


def test_what_is_not_read_is_refused(folder: Path):
    """Each by itself; a row of a grid that has none of it may have its own."""
    whole = f"pretrain.from={folder}"
    assert said(whole, "mixing=equal", "finetuning=adapters", "finetuning.adapter_dim=4") == []
    complaints = said(whole, "objective=span", "pretrain.steps=7", "size=micro,nano")
    why = f"not read, because {whole} is trained already. Leave it out; or leave out pretrain.from"
    typed = ["objective=span", "pretrain.steps=7", "size=micro", "size=nano"]
    assert [line.partition(", to pre-train")[0] for line in complaints] == [
        f"{text}: {why}" for text in typed
    ]
    assert said(f"pretrain.from=null,{folder}", "objective=span", "pretrain.steps=7") == []
    (complaint,) = said(whole, "strategy=multitask")
    assert "it mixes tasks with the text and the objective of pre-training" in complaint
    mixed = "strategy=supervised_multitask"
    assert f"Accepted are strategy=pretrain_finetune, {mixed.partition('=')[2]}," in complaint
    assert said(whole, mixed, "pretrain.steps=7", "scaling.pretrain_steps=2") == []
    (complaint,) = said(whole, mixed, "objective=span")
    assert complaint.startswith(f"objective=span: {why}")


def test_all_tasks_may_be_trained_on_before_each(configured: Callable[..., Schema], folder: Path):
    """From the given model, of seeds of their own; without the text that it was trained on."""
    changes = {"strategy__name": "supervised_multitask", "pretrain__seed": 3}
    config = configured(pretrain__from_=str(folder), **changes)
    found = stages(config)
    assert set(found) == {"given", "pretrain", "finetune", "evaluate"}
    mixed = found["pretrain"]
    assert mixed.inputs == {"vocabulary": found["given"], "pretrain": found["given"]}
    assert found["finetune"].inputs["pretrain"] == mixed
    assert (mixed.config["objective"], mixed.config["seed"]) == (None, 3)
    assert set(mixed.config["mixture"]["tasks"]) == {*config.suite.units}
    (note,) = texts.given(Resolved(config))
    assert note.endswith("seeds differ in training on all tasks and in fine-tuning.")


def test_every_row_of_the_fine_tuning_table_starts_from_it(folder: Path):
    """Section 3.5.1: one given stage, and nothing that pre-trains."""
    with search_path(CONF):
        words = ["sweep=table10", "preset=smoke", f"pretrain.from={folder}"]
        (sweep,) = Expansion(Composer("config"), words).sweeps()
    assert [row.name for row in sweep.rows][:2] == ["All parameters", "Adapter layers, d = 32"]
    cells = [row.cells[0] for row in sweep.rows]
    given = {cell.scores["gloss_category"].inputs["member_0"].inputs["pretrain"] for cell in cells}
    assert (len(cells), [stage.name for stage in given]) == (6, ["given"])
    (note,) = [note for note in cells[0].footnotes if "Pre-trained elsewhere" in note]
    assert "rows start from tiny_t5 (encoder_decoder, gated_gelu, 2 + 2 blocks of width 16" in note
    assert "60 pieces" in note
    assert "seeds differ in fine-tuning alone" in note


TINY = (
    "finetune.steps=2 finetune.batch_size=4 finetune.checkpoint_every=1 "
    "precision=32-true seeds.baseline=1 seeds.variants=1 workers=1 threads=1"
).split()
REVIEWS = (
    "{kind: classification, data: reviews.csv, input: '{text}', answer: label, "
    "labels: ['no', 'yes'], title: Mine}"
)


def run(place: Path, folder: Path, *words: str) -> tuple[Path, str]:
    """The store of a table on reviews whose rows start from the folder, and what was printed."""
    rows = [f"It lasted {n} days.,{('no', 'yes')[n % 2]}" for n in range(60)]
    (place / "reviews.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    (place / "reviews.yaml").write_text(REVIEWS)
    words = (*words, f"pretrain.from={folder}", "tasks=reviews.yaml")
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *words, *TINY, f"store={place / 'store'}"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "150", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return place / "store", done.stdout


@pytest.fixture(scope="module")
def ran(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """With two ways of fine-tuning."""
    return run(tmp_path_factory.mktemp("ran"), folder, "finetuning=all,gradual_unfreezing")


def test_training_on_all_tasks_goes_on_from_the_given_weights(folder: Path, tmp_path: Path):
    """One update at a rate of 0.0001 leaves them nearly as they were."""
    words = ["strategy=supervised_multitask", "baseline=none"]
    words += ["pretrain.steps=1", "pretrain.batch_size=4", "pretrain.hold=100000000"]
    store, printed = run(tmp_path, folder, *words)
    assert "seeds differ in training on all tasks and in fine-tuning." in " ".join(printed.split())
    (given_one,), (mixed,) = ([*(store / name).iterdir()] for name in ("given", "pretrain"))
    before = load(given_one / "model.pt", device="cpu")[0].state_dict()
    after = load(mixed / "model.pt", device="cpu")[0].state_dict()
    assert after.keys() == before.keys()
    assert any(not torch.equal(after[name], before[name]) for name in before)
    for name, value in before.items():
        torch.testing.assert_close(after[name], value, rtol=0, atol=1e-3)


def test_a_table_says_what_its_rows_started_from(ran: tuple[Path, str]):
    """Both rows are scored, from one given stage and no pre-training."""
    store, printed = ran
    rows = re.findall(r"^\| (★ )?(\w+) +\| +\**\d+\.\d\d", printed, re.MULTILINE)
    assert rows == [("★ ", "all"), ("", "gradual_unfreezing")]
    assert "Pre-trained elsewhere: rows start from tiny_t5 (encoder_decoder" in printed
    assert len([*(store / "given").iterdir()]) == 1
    assert not [name for name in ("pretrain", "vocabulary", "corpus") if (store / name).exists()]


def test_a_fine_tuned_model_goes_back_to_their_library(
    ran: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """`export --huggingface`: their model gives our logits, their tokenizer our ids."""
    store, _ = ran
    stage = min((store / "finetune").iterdir())
    out = tmp_path / "exported"
    words = ["export", "--store", str(store), "--huggingface", stage.name, str(out)]
    assert main(words) == 0
    chosen = json.loads((stage / "selection.json").read_text())["reviews"]["best"]
    printed = capsys.readouterr().out
    assert printed == (
        f"The model of finetune {stage.name}, {chosen}: of its checkpoints the best on validation "
        "of reviews.\n"
    )
    model, _ = load(stage / chosen, device="cpu")
    theirs = transformers.AutoModelForSeq2SeqLM.from_pretrained(out).eval()
    inputs, targets = torch.randint(3, 160, (2, 7)), torch.randint(3, 160, (2, 5))
    with torch.no_grad():
        expected = model.eval()(inputs, targets)
        found = theirs(input_ids=inputs, decoder_input_ids=targets).logits
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    tokens = transformers.AutoTokenizer.from_pretrained(out)
    vocabulary = Vocabulary(out)
    assert tokens(TEXTS[5]).input_ids == [*vocabulary.encode(TEXTS[5]), vocabulary.eos]
    assert tokens.convert_tokens_to_ids("<extra_id_0>") == vocabulary.size - 1
    assert main(words) == 2
    assert "is there already: name a new folder" in capsys.readouterr().err
    evaluated = min((store / "evaluate").iterdir()).name
    assert main([*words[:4], evaluated, str(tmp_path / "none")]) == 2
    assert "has no model" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
