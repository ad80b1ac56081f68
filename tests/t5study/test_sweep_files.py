"""Every sweep file at every preset: rows that compose to cells of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import hydra
import pytest
from omegaconf import OmegaConf

from lab.text_to_text.config import model_config
from lab.text_to_text.flops import parameters
from sweeps.asking.compose import Composer, search_path
from sweeps.asking.expand import Expansion
from sweeps.asking.rows import Sweep
from sweeps.asking.sweepfile import read_sweep_file
from sweeps.asking.sweepnames import sweep_names
from sweeps.errors import ConfigurationError

CONF = Path(__file__).parents[2] / "conf/t5study"
PRESETS = (
    "paper",
    *(pytest.param(x, marks=pytest.mark.slow) for x in ("embedded", "smoke", "one_gpu")),
)
TABLES = [name for name in sweep_names() if read_sweep_file(name).rows]
SEARCHES = [name for name in sweep_names() if read_sweep_file(name).search]


@pytest.fixture(scope="module")
def composer() -> Iterator[Composer]:
    with search_path(CONF):
        yield Composer("config")


def expand(composer: Composer, *overrides: str) -> tuple[Expansion, Sweep]:
    expansion = Expansion(composer, ["seeds.baseline=1", *overrides])
    (sweep,) = expansion.sweeps()
    return expansion, sweep


def test_every_table_of_the_study_has_a_file():
    """Tables 1 to 15 but 3, which holds no experiment of its own, and Figure 5."""
    wanted = {f"table{n:02}" for n in range(1, 16) if n != 3}
    assert set(TABLES) >= wanted
    assert "figure05" in SEARCHES


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", TABLES)
def test_rows_are_cells_of_their_own(composer: Composer, name: str, preset: str):
    """No two rows ask for the same stages, and the starred row is the preset's default cell."""
    expansion, sweep = expand(composer, f"preset={preset}", f"sweep={name}")
    identities = [row.cells[0].identity for row in sweep.rows]
    assert len(set(identities)) == len(identities) == len({row.label for row in sweep.rows})
    assert not any("{" in row.label for row in sweep.rows)
    default = expansion.cell(sweep, (), 0).identity
    starred = [row for row in sweep.rows if row.baseline]
    assert [row.cells[0].identity for row in starred] == ([default] if name != "table14" else [])


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", SEARCHES)
def test_candidates_of_a_search_compose(composer: Composer, name: str, preset: str):
    """Each candidate is a cell, and no two of an axis are the same one."""
    expansion, sweep = expand(composer, f"preset={preset}", f"sweep={name}")
    assert sweep.search
    for axis in sweep.search.axes:
        cells = [expansion.cell(sweep, c.overrides, 0).identity for c in axis["candidates"]]
        assert len(set(cells)) == len(cells) > 1


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (
            "realnews_like=mixed",
            "rows 'C4{dataset.corpus!=c4}' (no overrides) and "
            "'RealNews-like{dataset.corpus!=realnews_like}' (dataset=realnews_like) are one: they "
            "differ in dataset.name (mixed and realnews_like), which changes no stage.",
        ),
        (
            "webtext_like=docs",
            "'WebText-like{dataset.corpus!=webtext_like}' (dataset=webtext_like)",
        ),
    ],
)
def test_stand_in_that_makes_two_rows_one_is_refused(composer: Composer, role: str, words: str):
    """A row that would differ from the baseline, or another row, only in its name."""
    with pytest.raises(ConfigurationError) as caught:
        expand(composer, "sweep=table08", f"roles.corpora.{role}")
    (line,) = caught.value.complaints
    assert line.startswith("table08.yaml: rows ")
    assert words in line


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ("span_length=9", "they differ in span_length (3.0 and 9.0), which changes no stage."),
        ("corruption=15e-2", "their overrides come to the same values."),
        (
            "mixing.limits.gloss_category=8; selection=best; training.micro_batch_size=4",
            "they differ in mixing.limits.gloss_category (not set and 8.0) and "
            "training.micro_batch_size (null and 4), which change no stage.",
        ),
        (
            "mixing.limits={gloss_category: 8}; roles={sizes: {double: 3b}, repeats: {r64: 7}}; "
            "span_length=4; training.activation_checkpointing=true",
            "they differ in mixing.limits.gloss_category (not set and 8.0), roles.repeats.r64 "
            "(4.0 and 7.0), roles.sizes.double (nano_2x and 3b) and 2 more, which change no stage.",
        ),
    ],
)
def test_rows_that_are_one_are_refused_with_the_reason(
    composer: Composer, tmp_path: Path, overrides: str, why: str
):
    """A setting that nothing reads makes no row of a file, whatever its label says."""
    file = tmp_path / "mine.yaml"
    asked = overrides.split("; ")
    file.write_text(
        "study: t5study\ntitle: Mine\nbaseline: Usual\nrows:\n"
        "  - {label: Usual, overrides: []}\n"
        f"  - {{label: Other, overrides: {json.dumps(asked)}}}\n"
        "  - {label: Random spans, overrides: [objective=span]}\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        expand(composer, f"sweep={file}")
    assert caught.value.complaints == [
        f"mine.yaml: rows 'Usual' (no overrides) and 'Other' ({' '.join(asked)}) are one: {why}"
    ]


@pytest.mark.parametrize("preset", PRESETS)
def test_composing_groups_once_is_composing_all(composer: Composer, preset: str):
    """Values on a copy of composed groups give what Hydra gives for the whole, row by row."""
    rows: set[tuple[str, ...]] = set()
    for name in sweep_names():
        file = read_sweep_file(name)
        axes = file.search.axes if file.search else ()
        candidates = [row for axis in axes for row in axis["candidates"]]
        rows |= {row.overrides for row in [*file.rows, *candidates]}
    assert len(rows) > 60
    for overrides in sorted(rows):
        asked = [f"preset={preset}", *overrides, "seed=3"]
        whole = composer.typed(OmegaConf.to_container(hydra.compose("config", asked)))
        assert composer.resolved(asked) == OmegaConf.to_container(whole, resolve=True), asked


def test_published_names_stay_whatever_stands_in(composer: Composer):
    """A label tells the stand-in, the row's name is the paper's."""
    _, paper = expand(composer, "preset=paper", "sweep=table08")
    _, ours = expand(composer, "sweep=table08")
    assert [row.label for row in paper.rows] == [row.name for row in paper.rows]
    assert ours.rows[2].label == "RealNews-like (docs)"
    assert [row.name for row in ours.rows] == [row.name for row in paper.rows]


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_called_as_in_the_paper_where_they_are_the_papers(composer: Composer, name: str):
    """At the paper's preset every label is the published one, but for how it groups digits.

    Table 9 calls by their number of repeats what the paper calls by tokens and repeats.
    """
    _, sweep = expand(composer, "preset=paper", f"sweep={name}")
    for row in sweep.rows:
        if name == "table09":
            assert row.label == row.name.rpartition("(")[2].rstrip(")")
        else:
            assert row.label.replace(",", "") == row.name.replace(",", "")


def test_half_of_the_layers_is_not_called_six(composer: Composer):
    """Six layers are half of base alone."""
    _, sweep = expand(composer, "sweep=table02")
    assert [row.label for row in sweep.rows if "layers" in row.label] == [
        "Enc/dec, half the layers, denoising",
        "Enc/dec, half the layers, LM",
    ]


def test_labels_follow_the_command_line(composer: Composer):
    """Another corpus for a role, given on the command line, stands in the label."""
    _, sweep = expand(composer, "sweep=table08", "roles.corpora.realnews_like=c4")
    assert sweep.rows[2].label == "RealNews-like (c4)"


def test_paper_rows_have_the_published_sizes(composer: Composer):
    """The rows of Tables 13 and 14 at the paper's preset name its models."""
    _, final = expand(composer, "preset=paper", "sweep=table14")
    sizes = [row.cells[0].config["size"]["name"] for row in final.rows]
    assert sizes == ["small", "base", "large", "3b", "11b"]
    _, scaled = expand(composer, "preset=paper", "sweep=table13")
    assert [row.cells[0].config["size"]["name"] for row in scaled.rows[3:5]] == ["2x", "4x"]


def test_embedded_ladder_is_small_and_rising(composer: Composer):
    """Five sizes under five million parameters, each larger than the one below."""
    _, sweep = expand(composer, "sweep=table14")
    counts = [
        parameters(model_config(size=row.cells[0].config["size"]["name"], vocab_size=4224))
        for row in sweep.rows
    ]
    assert counts == sorted(set(counts))
    assert counts[-1] < 5_000_000


def test_one_gpu_is_tens_of_millions_of_parameters_and_a_minute(composer: Composer):
    """The preset is what docs/one-gpu-study.md says: its size, and an H100 minute by FLOPs."""
    _, sweep = expand(composer, "preset=one_gpu", "sweep=table13")
    sizes = [row.cells[0].config["size"]["name"] for row in sweep.rows]
    counts = [parameters(model_config(size=size, vocab_size=16128)) for size in sizes]
    baseline, *_, double, quadruple, _, _ = counts
    assert 30_000_000 < baseline < 32_000_000
    flops = []
    for row in (sweep.rows[0], sweep.rows[3], sweep.rows[4]):
        finetune = row.cells[0].scores["help_ende"].inputs["member_0"]
        pretrain = finetune.inputs["pretrain"]
        flops.append(pretrain.cost.flops / pretrain.config["steps"])
    assert 50 < 3000 * flops[0] / (0.4 * 989e12) < 80
    assert 1.7 < flops[1] / flops[0] < 2.3
    assert 3.4 < flops[2] / flops[0] < 4.6
    assert baseline < double < quadruple


def test_final_models_are_pretrained_for_a_million_steps(composer: Composer):
    """Section 3.7: 10^6 steps of 2^11 sequences, the unsupervised data with its own size."""
    _, sweep = expand(composer, "preset=paper", "sweep=table14")
    for row, size in zip(sweep.rows, (710e3, 2.62e6, 8.66e6, 33.5e6, 133e6), strict=True):
        finetune = row.cells[0].scores["glue_cola"].inputs["member_0"]
        pretrain = finetune.inputs["pretrain"].config
        assert (pretrain["steps"], pretrain["batch_size"]) == (1_000_000, 2048)
        mixture = pretrain["mixture"]
        assert mixture["unsupervised_examples"] == size
        assert mixture["mixing"] == {
            "name": "proportional",
            "limit": None,
            "limits": {"wmt14_ende": 1e6, "wmt15_enfr": 1e6},
        }
        assert {"glue_rte", "super_glue_rte"} < set(mixture["tasks"])
        for task, evaluate in row.cells[0].scores.items():
            alone = evaluate.inputs["member_0"].config
            of_a_suite = task.startswith(("glue", "super_glue"))
            every = (8, 1000) if of_a_suite else (128, 5000)
            assert (alone["batch_size"], alone["checkpoint_every"]) == every
            trained = {"glue_mnli_matched": {"glue_mnli"}, "glue_mnli_mismatched": {"glue_mnli"}}
            trained["super_glue_wsc"] = {"super_glue_wsc", "dpr"}
            assert set(alone["tasks"]) == trained.get(task, {task})
        for task in ("wmt14_ende", "wmt15_enfr", "wmt16_enro", "cnn_dailymail"):
            evaluate = row.cells[0].scores[task].config
            assert (evaluate["beam_width"], evaluate["length_penalty"]) == (4, 0.6)
            assert evaluate["split"] == "test"
