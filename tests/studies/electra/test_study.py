"""The study from the command line to stages: what they share, and what the paper printed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from sweeps.asking.command import Command, by_study
from sweeps.asking.preflight import composer_of
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph
from sweeps.stage import Stage

SMOKE = ["preset=smoke"]
ROOT = Path(__file__).parents[3]
PUBLISHED, SWEEPS = ROOT / "reports/published/electra", ROOT / "sweeps/electra"


def cells(*words: str) -> list[Any]:
    """The cells of a command line, in order."""
    preset = [] if any(word.startswith("preset=") for word in words) else SMOKE
    asked = Command(by_study(["study=electra", *preset, *words], "electra"), composer_of)
    return [cell for sweep in asked.sweeps() for row in sweep.rows for cell in row.cells]


def stages(cell: Any, name: str) -> list[Stage]:
    """The stages of this name behind a cell's scores, the first work first."""
    graph = Graph(cell.scores.values())
    return [stage for stage in graph.stages.values() if stage.name == name]


def stage(cell: Any, name: str) -> Stage:
    """The only one."""
    (found,) = stages(cell, name)
    return found


def test_two_rows_differ_in_their_pre_training_alone() -> None:
    """Vocabulary and lines are shared; each fine-tuning seed reads the one pre-training."""
    bert, electra = cells("objective=bert,electra", "baseline=none")
    for name in ("vocabulary", "lines"):
        assert stage(bert, name).key == stage(electra, name).key
    assert stage(bert, "pretrain").key != stage(electra, "pretrain").key
    for cell in (bert, electra):
        tuned = stages(cell, "finetune")
        assert len(tuned) == 3 * 2
        assert {one.inputs["pretrain"].key for one in tuned} == {stage(cell, "pretrain").key}
        assert sorted({one.config["seed"] for one in tuned}) == [0, 10_000]


def test_seeds_of_fine_tuning_are_no_seeds_of_the_row() -> None:
    """Three seeds of a row are three pre-trainings; the vocabulary and the text stay."""
    found = cells("seeds.baseline=3")
    assert [stage(cell, "pretrain").config["seed"] for cell in found] == [0, 1, 2]
    assert len({stage(cell, "lines").key for cell in found}) == 1


@pytest.mark.parametrize("count", ["seeds.baseline=2", "seeds={baseline: 2}"])
def test_a_count_beside_a_typed_seed_leaves_the_other_count_at_one(count: str) -> None:
    """The preset has three of both; without a baseline every row is one of the other count."""
    words = ["preset=embedded", "seed=3", count]
    seeds = [
        [stage(cell, "pretrain").config["seed"] for cell in cells(*words, *more)]
        for more in ([], ["baseline=none"], ["length=full,half"])
    ]
    assert seeds == [[3, 4], [3], [3, 4, 3]]


def test_nothing_pre_trained_begins_from_the_shape() -> None:
    """objective=none reads no text but the vocabulary's."""
    (cell,) = cells("objective=none")
    assert {one.name for one in Graph(cell.scores.values()).stages.values()} == {
        "vocabulary",
        "finetune",
        "evaluate",
    }
    assert all(one.config["encoder"]["width"] == 128 for one in stages(cell, "finetune"))
    one, other = cells("objective=none", "seeds.baseline=2")
    both = [{tuned.key for tuned in stages(cell, "finetune")} for cell in (one, other)]
    assert not both[0] & both[1]


def test_what_bert_does_not_read_changes_none_of_its_stages() -> None:
    """Lambda, temperature, generator, tying and algorithm."""
    words = ["temperature=2", "objective.weight=10", "generator=equal", "tying=all"]
    keys = {
        stage(cells("objective=bert", *more)[0], "pretrain").key
        for more in ([], words, ["generator=unigram"], ["algorithm=adversarial"])
    }
    assert len(keys) == 1
    electra = {stage(cells(word)[0], "pretrain").key for word in (*words[:3], "masking.rate=0.2")}
    assert len(electra) == 4


def test_two_stage_begins_with_the_row_of_masked_language_modelling() -> None:
    """Its first stage is the stage of objective=bert with as many updates."""
    words = ["algorithm=two_stage", "generator=equal", "tying=none", "size=micro"]
    (cell,) = cells(*words, "pretrain.steps=40")
    first, second = stages(cell, "pretrain")
    assert second.inputs["masked"].key == first.key
    assert (first.config["steps"], second.config["steps"]) == (20, 20)
    # Both networks begin with its weights, tables narrower than the layers included.
    assert second.config["encoder"] == second.config["generator"]["encoder"]
    assert first.config["encoder"] == second.config["encoder"]
    (masked,) = cells("objective=bert", "size=micro", "pretrain.steps=20", "pretrain.equal=steps")
    assert stage(masked, "pretrain").key == first.key


def test_fractions_are_runs_of_their_own_or_checkpoints_of_one() -> None:
    """Checkpoints share the pre-training that keeps them."""
    own = [stage(cell, "pretrain") for cell in cells("length=full,half,quarter", "baseline=none")]
    assert [one.config["steps"] for one in own] == [32, 16, 8]
    kept = cells("length=full,half,quarter", "length.checkpoint_of=[0.5,0.25]", "baseline=none")
    assert len({stage(cell, "pretrain").key for cell in kept}) == 1
    assert stage(kept[0], "pretrain").config["keep"] == [8, 16]
    read = [{one.config["checkpoint"] for one in stages(cell, "finetune")} for cell in kept]
    assert read == [{None}, {16}, {8}]


def test_the_vocabulary_is_the_one_of_other_studies() -> None:
    """A cell of t5study asks for the same stage where corpus and size are its own."""
    settings = ("vocabulary.corpus=mixed", "vocabulary.pieces=4000")
    (ours,) = cells("preset=embedded", "seeds.baseline=1", *settings)
    words = ["study=t5study", "preset=embedded", "seeds.baseline=1", "tasks=[vader_sentiment]"]
    (sweep,) = Command(by_study(words, "t5study"), composer_of).sweeps()
    assert stage(ours, "vocabulary").key == stage(sweep.rows[0].cells[0], "vocabulary").key


def test_bert_gets_as_many_flops_as_electra() -> None:
    """By the count that is asked for; to half an update."""
    for count in ("ours", "paper"):
        bert, electra = (
            stage(cell, "pretrain")
            for cell in cells(
                "objective=bert,electra",
                f"pretrain.counting={count}",
                "pretrain.steps=4000",
                "baseline=none",
            )
        )
        ratio = bert.cost.flops / electra.cost.flops
        assert (abs(ratio - 1) < 1e-3) == (count == "ours")
    by_steps = cells("objective=bert,electra", "pretrain.equal=steps", "baseline=none")
    assert {stage(cell, "pretrain").config["steps"] for cell in by_steps} == {32}


def printed(number: int, size: str) -> dict[str, float]:
    """A column of Table 6 or 7 by hyperparameter; fractions as numbers."""
    with (PUBLISHED / f"table{number:02}.csv").open() as file:
        rows = {row["hyperparameter"]: row[size] for row in csv.DictReader(file)}
    found = {}
    for name, text in rows.items():
        above, _, below = text.partition("/")
        if name != "decay":
            found[name] = float(above) / float(below or 1)
    return found


@pytest.mark.parametrize("size", ["small", "base", "large"])
def test_the_papers_preset_is_what_it_printed(size: str) -> None:
    """Tables 6 and 7, to the digit."""
    bert, electra = cells("preset=paper", f"size={size}", "objective=bert,electra", "baseline=none")
    made, table = stage(electra, "pretrain").config, printed(6, size)
    assert {
        "layers": made["encoder"]["layers"],
        "hidden_size": made["encoder"]["width"],
        "ff_size": made["encoder"]["feed_forward"],
        "attention_heads": made["encoder"]["heads"],
        "head_size": made["encoder"]["width"] / made["encoder"]["heads"],
        "embedding_size": made["encoder"]["embedding"],
        "generator_fraction": made["generator"]["encoder"]["width"] / made["encoder"]["width"],
        "mask_percent": 100 * made["masking_rate"],
        "warmup_steps": made["warmup"],
        "learning_rate": made["rate"],
        "attention_dropout": made["encoder"]["attention_dropout"],
        "dropout": made["encoder"]["dropout"],
        "weight_decay": made["weight_decay"],
        "batch_size": made["batch_size"],
        "steps_bert": stage(bert, "pretrain").config["steps"],
        "steps_electra": made["steps"],
    } == pytest.approx({k: v for k, v in table.items() if not k.startswith("adam")})
    tuned = {one.config["data"]["name"]: one.config for one in stages(electra, "finetune")}
    cola, fine = tuned["glue_cola"], printed(7, size)
    assert {
        "learning_rate": cola["rate"],
        "layerwise_lr_decay": cola["layer_decay"],
        "warmup_fraction": cola["warmup"],
        "weight_decay": cola["weight_decay"],
        "batch_size": cola["batch_size"],
    } == pytest.approx({k: fine[k] for k in fine if k in _FINE})
    # Three epochs of 8,551 sentences, ten of 2,490 pairs
    assert (cola["steps"], tuned["glue_rte"]["steps"]) == (268 * 3, 78 * 10)
    assert made["encoder"]["vocabulary"] == 30_522
    assert len(stages(electra, "finetune")) == 8 * 10


_FINE = ("learning_rate", "layerwise_lr_decay", "warmup_fraction", "weight_decay", "batch_size")


@pytest.mark.parametrize(
    ("words", "flops"),
    [
        (["objective=bert", "size=small"], 1.41873991465e18),
        (["objective=bert", "size=base"], 6.428335104e19),
        (["size=base"], 6.42454183428e19),
        (["size=large"], 7.1176060409e20),
        (["size=small", "generator=half"], 1.42405033779e18),
        (["size=small", "generator=half", "length=sixteenth"], 8.9003146112e16),
    ],
)
def test_the_papers_flops_recompute(words: list[str], flops: float) -> None:
    """By the paper's count of the preset's own shapes and updates."""
    (cell,) = cells("preset=paper", "evaluate.cost=true", "seeds.baseline=1", *words)
    assert stage(cell, "counted").config["paper_flops"] == pytest.approx(flops, rel=1e-9)
    assert any(f"{flops:.4g} by the paper's count" in remark for remark in cell.remarks)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("algorithm=two_stage", ["generator.fraction=0.5", "tying=embeddings"]),
        ("generator=unigram", ["Add tying=none"]),
        ("generator=uniform tying=none algorithm=two_stage", ["it learns nothing"]),
        ("generator=unigram tying=none algorithm=adversarial", ["it learns nothing"]),
        ("generator=equal generator.fraction=2", ["larger than the discriminator"]),
        ("tying=all", ["Add generator=equal"]),
        ("algorithm=adversarial objective=electra_15", ["Take objective=electra"]),
        ("objective.random=0.3", ["objective.masked=0.85 and objective.random=0.3 are more"]),
        ("objective=bert tying=all masking.rate=1", ["masking.rate=1"]),
        ("masking.rate=0", ["masking.rate=0: a rate lies between 0 and 1"]),
        ("masking.rate=1", ["masking.rate=1: a rate lies between 0 and 1"]),
        ("size.heads=3", ["size=nano: heads: 3 do not divide the width 128."]),
        ("objective.name=bertt", ["Did you mean 'bert'?"]),
        ("size.name=micr", ["size.layers is that of shapes.micr.layers.", "Did you mean 'micro'?"]),
        ("preset=paper size=nano", ["roles.published has no 'nano'. Known: small, base, large"]),
        ("suite.tasks=[vader_sentimen]", ["Did you mean 'vader_sentiment'?"]),
        ("suite.tasks=[docstring_summary]", ["Task 'docstring_summary': an encoder answers"]),
        ("model.positions=16", ["rows.length=32", "finetune.length=64"]),
        ("length=half length.checkpoint_of=[0.25]", ["Add it to length.checkpoint_of."]),
        ("dataset.corpus=boks", ["Did you mean 'books'?"]),
        ("evaluate.split=test suite.tasks=[glue_cola]", ["withheld"]),
    ],
)
def test_what_is_impossible_is_said_with_the_remedy(words: str, parts: list[str]) -> None:
    """In the words of the command line."""
    with pytest.raises(ConfigurationError) as caught:
        cells(*words.split())
    said = "\n".join(caught.value.complaints)
    assert [part for part in parts if part not in said] == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Values, shapes and data sets together."""
    with pytest.raises(ConfigurationError) as caught:
        cells("masking.rate=1", "tying=all", "size.heads=3", "suite.tasks=[nothing]")
    said = "\n".join(caught.value.complaints)
    for part in ("masking.rate=1", "tying=all", "size=nano: heads: 3", "nothing"):
        assert part in said


def test_a_vocabulary_without_mask_is_refused(tmp_path: Path) -> None:
    """Nothing can be masked by it."""
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "word"]))
    with pytest.raises(ConfigurationError) as caught:
        cells(f"vocabulary.file={file}")
    assert "[MASK]" in "\n".join(caught.value.complaints)


def test_a_vocabulary_of_ones_own_sizes_the_table(tmp_path: Path) -> None:
    """A vocab.txt has its special pieces itself."""
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "word"]))
    (cell,) = cells(f"vocabulary.file={file}")
    assert stage(cell, "pretrain").config["encoder"]["vocabulary"] == 6
    assert stage(cell, "vocabulary").config["file"]["pieces"] == 6


PRESETS = (
    "paper",
    *(pytest.param(x, marks=pytest.mark.slow) for x in ("embedded", "smoke", "one_gpu")),
)


@pytest.mark.parametrize("preset", PRESETS)
def test_sweep_files_ask_what_they_say(preset: str) -> None:
    """Their rows are different work, and one of them is starred."""
    names = {path.stem for path in SWEEPS.glob("*.yaml")}
    tables = {f"table0{n}" for n in (1, 2, 3, 4, 5, 8)}
    assert names >= {*tables, "figure03_generator", "figure03_algorithm", "figure04", "tying"}
    for name in names:
        words = [f"sweep=electra/{name}", f"preset={preset}", "seeds.baseline=1"]
        (sweep,) = Command(by_study(words, "electra"), composer_of).sweeps()
        assert len({row.cells[0].identity for row in sweep.rows}) == len(sweep.rows), name
        assert sum(row.baseline for row in sweep.rows) == 1, name
