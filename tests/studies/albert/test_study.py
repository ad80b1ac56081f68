"""The study from the command line to stages: what its tables share, and what is counted."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from lab.encoder.config import EncoderConfig
from lab.encoder.cost import parameters
from studies.albert.networks import Networks
from sweeps.asking.command import Command, by_study
from sweeps.asking.preflight import composer_of
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph
from sweeps.stage import Stage

COUNTED = {
    ("none", 12, 768, 768): (108_490_752, 109_705_010),
    ("none", 24, 1024, 1024): (333_557_760, 335_691_058),
    ("all", 12, 768, 128): (11_092_992, 11_813_810),
    ("all", 24, 1024, 128): (16_634_368, 17_847_474),
    ("all", 24, 2048, 128): (54_528_512, 59_021_490),
    ("all", 12, 4096, 128): (205_814_272, 223_158_450),
    ("all", 3, 6144, 128): (457_763_328, 496_347_314),
    ("none", 12, 768, 64): (87_057_408, 87_728_882),
    ("none", 12, 768, 128): (89_059_584, 89_780_402),
    ("none", 12, 768, 256): (93_063_936, 93_883_442),
    ("all", 12, 768, 64): (9_090_816, 9_762_290),
    ("all", 12, 768, 256): (15_097_344, 15_916_850),
    ("all", 12, 768, 768): (30_524_160, 31_738_418),
    ("attention", 12, 768, 768): (82_487_808, 83_702_066),
    ("ffn", 12, 768, 768): (56_527_104, 57_741_362),
    ("attention", 12, 768, 128): (63_056_640, 63_777_458),
    ("ffn", 12, 768, 128): (37_095_936, 37_816_754),
}
"""By sharing, layers, width and width of the tables: the encoder, and with pooler and heads, as
the formula and another library's modules have them (30,000 pieces, 512 positions)."""


def cells(*words: str) -> list[Any]:
    """The cells of a command line, in order."""
    preset = [] if any(word.startswith("preset=") for word in words) else ["preset=smoke"]
    asked = Command(by_study(["study=albert", *preset, *words], "albert"), composer_of)
    return [cell for sweep in asked.sweeps() for row in sweep.rows for cell in row.cells]


def stages(cell: Any, name: str) -> list[Stage]:
    """The stages of this name behind a cell's scores, the first work first."""
    graph = Graph(cell.scores.values())
    return [stage for stage in graph.stages.values() if stage.name == name]


@pytest.mark.parametrize("shape", COUNTED, ids=str)
def test_parameters_are_counted_by_modules_and_by_formula(
    shape: tuple[str, int, int, int],
) -> None:
    sharing, layers, width, embedding = shape
    config = EncoderConfig(
        vocabulary=30_000,
        width=width,
        layers=layers,
        heads=width // 64,
        feed_forward=4 * width,
        embedding=embedding,
        sharing=sharing,
    )
    with torch.device("meta"):
        networks = Networks(config)
    encoder, whole = (
        sum(value.numel() for value in part.parameters()) for part in (networks.encoder, networks)
    )
    assert (encoder, whole) == COUNTED[shape]
    assert parameters(config) == encoder


def test_the_published_sizes_are_asked_for_at_the_papers_scale() -> None:
    """30,000 pieces with the special ones; rate and warm-up follow from 4,096 rows."""
    for words, key in (
        ([], ("all", 12, 768, 128)),
        (["size=large"], ("all", 24, 1024, 128)),
        (["embedding=wide", "sharing=none"], ("none", 12, 768, 768)),
        (["size=width6144"], ("all", 3, 6144, 128)),
    ):
        (cell,) = cells("preset=paper", *words)
        (pretrain,) = stages(cell, "pretrain")
        config = pretrain.config
        assert parameters(EncoderConfig(**config["encoder"])) == COUNTED[key][0]
        assert (config["rate"], config["warmup"], config["steps"]) == (0.00176, 3125, 125_000)


def test_tables_of_positions_may_be_as_wide_as_the_layers() -> None:
    """As the printed counts have them: another row, but where words are as wide they are one."""
    as_released, wide, printed = cells(
        "embedding.factorized=tables,words", "embedding=e128,wide", "preset=paper", "baseline=none"
    )
    shapes = [stages(cell, "pretrain")[0].config["encoder"] for cell in (as_released, printed)]
    assert "factorized" not in shapes[0]
    assert shapes[1] == {**shapes[0], "factorized": "words"}
    assert "factorized" not in stages(wide, "pretrain")[0].config["encoder"]


def test_smaller_batches_have_smaller_rates() -> None:
    (cell,) = cells("preset=paper", "pretrain.batch_size=512", "training.micro_batch_size=64")
    (pretrain,) = stages(cell, "pretrain")
    assert pretrain.config["rate"] == pytest.approx(0.00176 / 8**0.5)
    assert pretrain.config["warmup"] == 125_000 // 320


def test_the_tables_share_the_baselines_stages() -> None:
    """ALBERT-base of Tables 2, 3, 4, 5 and 7 is one pre-training, and so are their other twins."""
    found: dict[str, set[str]] = {}
    for table in ("02", "03", "04", "05", "07"):
        found[table] = {
            stages(cell, "pretrain")[0].key for cell in cells(f"sweep=albert/table{table}")
        }
    assert set.intersection(*found.values())
    assert len(found["03"] & found["04"]) == 4


def test_rows_differ_in_their_sentence_loss_alone_and_are_judged_alike() -> None:
    none, sop = cells("sentence_loss=none,sop", "baseline=none")
    (one,), (other,) = stages(none, "pretrain"), stages(sop, "pretrain")
    differing = {name for name in one.config if one.config[name] != other.config[name]}
    assert differing == {"sentence_loss"}
    (judged,), (again,) = stages(none, "intrinsic"), stages(sop, "intrinsic")
    assert judged.config == again.config


def test_a_depth_starts_from_the_depths_before() -> None:
    (cell,) = cells("preset=paper", "size=depth12")
    chain = stages(cell, "pretrain")
    assert [one.config["encoder"]["layers"] for one in chain] == [1, 3, 6, 12]
    assert [one.inputs.get("start") for one in chain[1:]] == chain[:-1]
    (shallow,) = cells("preset=paper", "size=depth3")
    assert stages(shallow, "pretrain")[-1].key == chain[1].key


def test_equal_hours_are_updates_as_printed() -> None:
    """Table 6: 400,000 updates of BERT-large, 125,000 of ALBERT-xxlarge."""
    bert, albert = (
        stages(cell, "pretrain")[0].config for cell in cells("sweep=albert/table06", "preset=paper")
    )
    assert (bert["steps"], bert["encoder"]["sharing"]) == (400_000, "none")
    assert (albert["steps"], albert["encoder"]["width"]) == (125_000, 4096)


def test_groups_go_from_all_shared_to_none() -> None:
    rows = cells("sweep=albert/groups", "preset=paper")
    shapes = [EncoderConfig(**stages(cell, "pretrain")[0].config["encoder"]) for cell in rows]
    assert [len(set(shape.parts)) for shape in shapes] == [1, 2, 4, 12]


def test_the_figure_of_layers_reads_the_tables_pretrainings() -> None:
    """Nothing is trained for it; a column for each of 24 layers."""
    rows = cells("sweep=albert/figure01", "preset=paper")
    table = {
        stages(cell, "pretrain")[0].key for cell in cells("sweep=albert/table02", "preset=paper")
    }
    assert {stages(cell, "pretrain")[0].key for cell in rows} < table
    assert not stages(rows[0], "finetune")
    names = {column.name for column in rows[0].columns}
    assert {f"{one} {layer}" for one in ("Distance", "Angle") for layer in range(1, 25)} < names
    assert {"Distance step", "Angle step", "Least distance", "Least angle"} < names


def test_an_ensemble_has_members_of_checkpoints_and_depths() -> None:
    """Those of the single rows are among them: nothing is trained twice."""
    rows = cells("sweep=albert/table10", "preset=paper")
    tuned = [
        {stage.key for stage in stages(cell, "finetune") if stage.config["data"]["name"] == "squad"}
        for cell in rows
    ]
    assert [len(keys) for keys in tuned] == [5, 5, 25, 50]
    assert tuned[1] < tuned[2] < tuned[3]
    depths = {stage.config["encoder"]["layers"] for stage in stages(rows[3], "pretrain")}
    assert depths == {12, 24}


def test_a_curve_is_of_the_networks_that_were_kept() -> None:
    (cell, *_) = cells("sweep=albert/figure02_dropout", "preset=paper")
    (pretrain,) = stages(cell, "pretrain")
    assert pretrain.config["keep"] == [900_000, 1_050_000, 1_200_000, 1_350_000]
    after = [stage.config["checkpoint"] for stage in stages(cell, "intrinsic")]
    assert sorted(after, key=lambda one: one or 10**9) == [*pretrain.config["keep"], None]
    names = [column.name for column in cell.columns]
    assert [name for name in names if name.startswith("MLM at")][-1] == "MLM at 1,500,000"
    assert [column.name for column in cell.columns if column.competes] == ["MLM", "NSP", "SOP"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evaluate.curve=true"], r"no networks are kept before the last ones"),
        (["ensemble=checkpoints", "ensemble.checkpoints=[0.5]"], r"Add length\.keep=\[0\.5\]"),
        (["ensemble.sizes=[mini]"], r"Add finetune\.summary=ensemble"),
        (["length.keep=[1.5]"], r"length\.keep: 1\.5; accepted are shares"),
        (["sentence_loss.name=order"], "Unknown sentence loss 'order'"),
        (["sharing=none", "size=depth6"], "weights of another depth fit layers that share all"),
        (["sharing=groups", "sharing.groups=9"], r"groups: 9; accepted is 1 to 4, the layers"),
        (["rows.length=600"], r"rows\.length=600: the encoder has 512 positions"),
    ],
)
def test_what_is_impossible_is_said_before_anything_runs(words: list[str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        cells(*words)


def test_where_no_average_is_taken_claims_about_the_papers_are_left_unjudged() -> None:
    """They stand in the sweep's file; one that is typed has to name its columns."""
    asked = Command(
        by_study(["sweep=albert/table05", "preset=smoke", "suite=pretraining"], "albert"),
        composer_of,
    )
    (sweep,) = asked.sweeps()
    assert [claim.columns for claim in sweep.claims if not claim.columns] == [(), ()]
    assert not any(column.average for column in sweep.cells[0].columns)
    with pytest.raises(ConfigurationError, match="there is no average: name the claim's columns"):
        cells("sentence_loss=sop,nsp", "suite=pretraining", 'claims.that=["sop > nsp"]')
