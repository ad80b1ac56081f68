"""Mistakes of a command line against the real conf/: every one answered, none a traceback."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import hydra
import pytest

from sweeps.asking.compose import Composer, search_path
from sweeps.asking.expand import Expansion
from sweeps.asking.rows import Sweep
from sweeps.errors import ConfigurationError
from sweeps.hardware.fit import Fit
from sweeps.launchers import launchers

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf/t5study"


def options(axis: str) -> str:
    """The options of an axis, as complaints list them."""
    return ", ".join(sorted(path.stem for path in (CONF / axis).glob("*.yaml")))


def known(axis: str) -> str:
    """The end of a complaint that lists an axis' options."""
    return f"Known: {options(axis)}."


def said(*overrides: str, conf: Path = CONF) -> list[str]:
    """Every complaint about these overrides, as `run.py` prints them."""
    with search_path(conf):
        composer = Composer("config")
        found, right = composer.complaints(overrides)
        try:
            fit = Fit(cluster=composer.on_cluster(composer.single(right)))
            Expansion(composer, right, fit).sweeps()
        except ConfigurationError as error:
            found += error.complaints
        return ConfigurationError(found).complaints


def test_an_unknown_device_is_named_where_claims_count_its_hours():
    """A sweep with claims asks what another seed would cost on it."""
    assert said("sweep=table01", "device=B1") == [
        "device=B1: accepted are V100, A100, H100, H200 and cpu-core."
    ]


def test_three_mistakes_are_three_complaints():
    """An unknown option with the nearest one, a wrong type, a rate that is none."""
    assert said("objective=spam", "seed=abc", "corruption=1.5") == [
        "objective=spam: unknown objective 'spam'. Did you mean 'span'? "
        f"Known: {options('objective')}.",
        "seed=abc: accepted is a whole number.",
        "corruption=1.5: a rate lies between 0 and 1.",
    ]


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("format=xml", "format=xml: accepted are text and json."),
        ("workers_per_stage=0", "workers_per_stage=0: must be 1 or more."),
        (
            "training.micro_batch_size=0",
            "training.micro_batch_size=0: must be greater than 0.",
        ),
        ("device=B1", "device=B1: accepted are V100, A100, H100, H200 and cpu-core."),
        ("wandb=ofline", "wandb=ofline: accepted are off, offline and online."),
        ("parallel=dpp", "parallel=dpp: accepted are ddp and fsdp."),
        ("data_dir=/no/such", "data_dir=/no/such: no such folder."),
        ("workers=0", "workers=0: must be 1 or more."),
        ("threads=-1", "threads=-1: must be 1 or more."),
        ("max_jobs=0", "max_jobs=0: must be 1 or more."),
        ("seeds.baseline=0", "seeds.baseline=0: must be 1 or more."),
        ("seed=-1", "seed=-1: must be 0 or more."),
        ("pretrain.seed=-1", "pretrain.seed=-1: must be 0 or more."),
        ("slurm.gpus=-1", "slurm.gpus=-1: must be 0 or more."),
        ("slurm.memory_gb=0", "slurm.memory_gb=0: must be 1 or more."),
        ("lease_timeout=0", "lease_timeout=0: must be greater than 0 seconds."),
        ("share_of_peak=40", "share_of_peak=40: must be 1 or less."),
        ("share_of_peak=nan", "share_of_peak=nan: must be a number."),
        ("lease_timeout=1e400", "lease_timeout=inf: must be finite."),
        ("max_jobs=1e400", "max_jobs=1e400: accepted is a whole number."),
        (f"workers={10**30}", f"workers={10**30}: must be 10,000 or less."),
        (f"seeds.baseline={10**30}", f"seeds.baseline={10**30}: must be 10,000 or less."),
        (f"slurm.gpus={10**400}", f"slurm.gpus={10**400}: must be 10,000 or less."),
        (f"seed={2**63}", f"seed={2**63}: must be 9,223,372,036,854,775,807 or less."),
        (f"seed=1,{2**64}", f"seed={2**64}: must be 9,223,372,036,854,775,807 or less."),
        (
            f"seed=range(0,{10**15})",
            f"seed=range(0,{10**15}): more than 10,000 values. Type fewer.",
        ),
        (
            "corruption=range(0.1,0.2,1e-15)",
            "corruption=range(0.1,0.2,1e-15): more than 10,000 values. Type fewer.",
        ),
        ("seed=range(5,1)", "seed=range(5,1): no values. Type range(FROM,BELOW,STEP)."),
        (
            "seed=range(0,4,0)",
            "seed=range(0,4,0): the step of a range is not 0. Type range(FROM,BELOW,STEP).",
        ),
        ("hydra/launcher=slurm,local", "hydra/launcher=slurm,local: takes one value."),
        ("hydra.verbose=true,false", "hydra.verbose=true,false: takes one value."),
        ("store=", "store=: must name a folder, such as store=./store."),
        ("objective=glob(zz*)", f"objective=glob(zz*): no objective fits. {known('objective')}"),
        ("suite=glob([])", f"suite=glob([]): no suite fits. {known('suite')}"),
        (
            "mixing=glob(*,exclude=*)",
            f"mixing=glob(*,exclude=*): no mixing fits. {known('mixing')}",
        ),
        (
            "corruption=glob(*)",
            "corruption=glob(*): glob chooses among an axis' options, and corruption has none. "
            "Type corruption=A,B,C.",
        ),
        ("seed=null", "seed=null: null is no value of it. Give one, or leave it out."),
        ("objective.name=[]", "objective.name=[]: accepted is a text."),
        (
            "suite.columns=[{}]",
            "preset=smoke suite.columns=[{}]: suite.columns[0].name has no value. Give it one.",
        ),
        (
            "span_length=range(1,200) corruption=range(0.001,0.9,0.001)",
            "span_length x corruption: 178,901 cells; accepted are 10,000 at most. Type fewer.",
        ),
        ("data_dir=" + 300 * "a", f"data_dir={300 * 'a'}: no such folder."),
        ('data_dir="~nobody-of-this-name/x"', "data_dir=~nobody-of-this-name/x: no such folder."),
        ("=", "=: names no key. Type key=value, without spaces."),
        (
            "spam",
            "spam: not an override: missing EQUAL at '<EOF>'. Type key=value, without spaces.",
        ),
        (
            "corruption=interval(0,1)",
            "corruption=interval(0,1): an interval names no values. "
            "Type corruption=A,B,C or corruption=range(A,B,STEP).",
        ),
        (
            "hydra/sweeper=basic",
            "hydra/sweeper=basic: unknown hydra/sweeper 'basic'. Known: study.",
        ),
        (
            "hydra/launcher=basic",
            "hydra/launcher=basic: unknown hydra/launcher 'basic'. "
            f"Known: {', '.join(sorted(launchers()))}.",
        ),
        (
            "~mixing",
            f"~mixing: mixing cannot be left out. Known: {options('mixing')}.",
        ),
    ],
)
def test_one_mistake_is_one_complaint(override, complaint):
    """What was typed, what is accepted, what to type instead."""
    assert said("preset=smoke", *override.split()) == [complaint]


@pytest.mark.parametrize("override", ["suite/by_task=smoke", "+suite/by_task=smoke"])
def test_a_folder_inside_an_axis_is_none(override):
    """What an axis' files read is chosen through the axis, and not shown beside it."""
    (complaint,) = said(override)
    assert complaint == (
        f"{override}: suite/by_task belongs to suite. Type suite=NAME. Did you mean 'by_task'? "
        f"Known: {options('suite')}."
    )
    asked = [sys.executable, str(ROOT / "run.py"), "--help"]
    shown = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    (of_suites,) = (line for line in shown if line.strip().startswith("suite"))
    assert of_suites == f"suite: {options('suite')}"
    axes = shown[shown.index("Axes (conf/t5study/): key=choice[,choice...]") + 1 :]
    shown_axes = [line.partition(":")[0] for line in axes[: axes.index("")]]
    assert shown_axes == sorted(
        {*(path.name for path in CONF.iterdir() if path.is_dir()), "search", "claims"}
    )


def test_axes_that_have_settled_are_counted():
    """There are none, or some."""
    search = ("search=ascent", "corruption=0.15,0.25")
    assert said(*search, "search.settled=-1") == ["search.settled=-1: must be 0 or more."]
    assert said(*search, "search.settled=0") == []


def test_an_added_key_is_named_as_it_was_typed():
    """`+x=1` is no matter of conf/."""
    (complaint,) = said("+corruptoin=0.2")
    assert complaint.startswith("+corruptoin=0.2: unknown key 'corruptoin'. Did you mean 'corrupti")


@pytest.mark.parametrize(
    "given",
    [("seed=1,2", "seed=3"), ("seed=3", "seed=1,2"), ("objective=span,iid", "objective=drop")],
)
def test_several_values_beside_another_are_refused(given):
    """One of them would be dropped without a word."""
    key = given[0].partition("=")[0]
    expected = f"{' '.join(given)}: one key, given twice. Type all values in one: {key}=A,B,C."
    assert said(*given) == [expected]


def test_mistakes_of_the_run_and_of_its_cells_come_together():
    """Neither hides the other."""
    assert said("workers=0", "corruption=0.2,2", "seed=0,-4") == [
        "workers=0: must be 1 or more.",
        "seed=-4: must be 0 or more.",
        "corruption=2: a rate lies between 0 and 1.",
    ]


@pytest.mark.parametrize(
    "given",
    [
        ("objective=span", "objective=iid"),
        ("seed=1", "seed=2"),
        ("corruption=0.15", "corruption=0.25"),
        ("mixing=equal", "mixing=proportional", "mixing=equal,proportional"),
        ("selection=best", "selection=last"),
        ("sweep=table05", "sweep=table06"),
        ("pretrain.steps=1,2", "pretrain.steps=3"),
    ],
)
def test_what_tells_cells_apart_is_given_once(given):
    """The last of them would drop the others without a word."""
    key = given[0].partition("=")[0]
    expected = f"{' '.join(given)}: one key, given twice. Type all values in one: {key}=A,B,C."
    assert said("preset=smoke", *given) == [expected]


@pytest.mark.parametrize("same", ["objective=iid", "seed=3", "objective=span,iid", "store=here"])
def test_the_same_text_twice_is_one(same):
    """Nothing is lost with it."""
    assert said("preset=smoke", same, same) == []


def test_the_last_of_settings_counts_and_is_told():
    """As in Hydra: a script's settings can be followed by its user's own words."""
    given = ("preset=smoke", "workers=1", "pretrain.steps=20", "workers=2", "pretrain.steps=40")
    assert said(*given) == []
    with search_path(CONF):
        expansion = Expansion(Composer("config"), given)
        assert expansion.run["workers"] == 2
        (sweep,) = expansion.sweeps()
        assert sweep.rows[0].cells[0].config["pretrain"]["steps"] == 40
        assert expansion.notices() == [
            "workers=1 workers=2: workers=2 counts, the last.",
            "pretrain.steps=20 pretrain.steps=40: pretrain.steps=40 counts, the last.",
        ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("pretrain={steps: 1}", "pretrain.steps=2"), "pretrain.steps=2 counts, the last."),
        (
            ("pretrain.steps=2", "pretrain={steps: 1, batch_size: 3}"),
            "pretrain={steps: 1, batch_size: 3} counts, the last, for pretrain.steps.",
        ),
        (
            ("pretrain={steps: 1, batch_size: 3}", "pretrain={batch_size: 4, steps: 2}"),
            "pretrain={batch_size: 4, steps: 2} counts, the last, for pretrain.steps and "
            "pretrain.batch_size.",
        ),
        (("slurm={gpus: 1}", "slurm.gpus=2"), "slurm.gpus=2 counts, the last."),
    ],
)
def test_settings_by_name_and_one_of_them_again_are_told(given, expected):
    """A key within `{...}` is that key."""
    with search_path(CONF):
        expansion = Expansion(Composer("config"), ("preset=smoke", *given))
        expansion.sweeps()
        assert expansion.notices() == [f"{' '.join(given)}: {expected}"]


def test_settings_by_name_beside_others_lose_nothing():
    """Several values of a key that is set by name as well are refused."""
    with search_path(CONF):
        given = ("preset=smoke", "pretrain={steps: 1}", "pretrain.batch_size=2")
        assert Expansion(Composer("config"), given).notices() == []
    assert said("pretrain={steps: 1}", "pretrain.steps=2,3") == [
        "pretrain={steps: 1} pretrain.steps=2,3: one key, given twice. Type all values in one: "
        "pretrain.steps=A,B,C."
    ]


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("store=/tmp/a,b", " If the comma is part of it, type 'store=\"/tmp/a,b\"'."),
        ("store=a,/b c", " If the comma is part of it, type 'store=\"a,/b c\"'."),
        ("workers=1,2", ""),
        ("store=choice(/a,/b)", ""),
        ("store='/a',/b", ""),
    ],
)
def test_a_path_with_a_comma_is_typed_in_quotes(given, hint):
    """What to type for it is said, and is one value then."""
    assert said(given) == [f"{given}: takes one value.{hint}"]
    if hint:
        assert said(shlex.split(hint.partition("type ")[2].rstrip("."))[0]) == []


@pytest.mark.parametrize("key", ["data_dir", "dataset.corpus", "vocabulary.file", "store"])
def test_a_path_that_is_there_with_its_comma_is_no_two_values(key, tmp_path):
    """Wherever a path can stand."""
    (tmp_path / "a,b").mkdir()
    given = f"{key}={tmp_path / 'a,b'}"
    quoted = shlex.quote(f'{key}="{tmp_path / "a,b"}"')
    assert said(given) == [
        f"{given}: commas separate values. If the comma is part of it, type {quoted}."
    ]


@pytest.mark.parametrize(
    ("given", "like"),
    [
        ("mixing.limits={gloss_category: 3}", "+mixing.limits={gloss_category: 3}"),
        ("mixing.limits.gloss_category=3", "+mixing.limits.gloss_category=3"),
        ("tasks.boolq.data_dir=here", "+tasks.boolq.data_dir=here"),
        ("suite.units.gettext_ende.split=train", "+suite.units.gettext_ende.split=train"),
    ],
)
def test_what_no_file_sets_can_be_set(given, like):
    """As a person types it first, and as Hydra wants what is not there yet."""
    with search_path(CONF):
        composer = Composer("config")
        assert composer.resolved([given]) == composer.resolved([like])
        # Hydra composes the single values by itself before it asks our sweeper.
        assert hydra.compose("config", [given]) == hydra.compose("config", [like])


def test_a_unit_that_the_suite_lacks_is_unknown():
    """A mistyped name makes no new unit; a + does."""
    (complaint,) = said("suite.units.bolq.steps=3")
    assert complaint.startswith("suite.units.bolq.steps=3: unknown key 'suite.units.bolq'. Did you")
    assert said("+suite.units.rte.train=[glue_rte]", "evaluate.split=validation") == []


def test_a_task_that_nothing_reads_is_named():
    """Any name may be given, but one that no unit has would do nothing."""
    assert said("preset=smoke", "mixing.limits={a: 3}") == [
        "mixing.limits.a: no unit of suite=smoke reads this task. "
        "It has: gettext_ende, gloss_category."
    ]
    assert said("mixing.limits={boolq: many}") == [
        "mixing.limits={boolq: many}: accepted is a number."
    ]


@pytest.mark.parametrize("more", [(), ("plan=true",)], ids=["run", "plan"])
def test_a_batch_that_does_not_divide_is_among_the_first_complaints(more, tmp_path):
    """Beside a mistyped name, once for all cells, with the numbers that would be accepted."""
    store = f"store={tmp_path}"
    three = said("workers_per_stage=3", "size=nano,micro", "threads=-1", store, *more)
    assert three == [
        "threads=-1: must be 1 or more.",
        "pretrain: 3 processes (workers_per_stage=3) do not divide its batch of 32 rows; "
        "accepted are 1, 2, 4, 8, 16 and 32.",
        *[line for line in three if line.startswith("finetune: 3 processes")],
    ]
    assert len(three) > 2
    asked = ("hydra/launcher=slurm", "slurm.nodes=2", "+slurm.stages.pretrain={gpus: 5}")
    assert said(*asked, "workers_per_stage=3", store, *more) == [
        "pretrain: 10 processes (slurm.nodes=2 with 5 each by slurm.tasks or slurm.gpus) do not "
        "divide its batch of 32 rows; accepted are 1, 2, 4, 8, 16 and 32."
    ]
    assert said("workers_per_stage=2", store, *more) == []


@pytest.mark.parametrize("more", [(), ("plan=true",)], ids=["run", "plan"])
def test_unfreezing_with_spread_parameters_is_among_the_first_complaints(more, tmp_path):
    """Beside a mistyped name; only where several processes would share the fine-tuning."""
    asked = ("finetuning=gradual_unfreezing", "parallel=fsdp", f"store={tmp_path}", *more)
    why = (
        "finetuning=gradual_unfreezing: what trains changes, which parallel=fsdp cannot follow. "
        "Give parallel=ddp."
    )
    two, four = ("workers_per_stage=2",), ("hydra/launcher=slurm", "slurm.nodes=4")
    assert said(*asked, *two, "threads=-1") == ["threads=-1: must be 1 or more.", why]
    assert said(*asked, *four) == [why]
    for changed in ("parallel=ddp", "finetuning=adapters", "workers_per_stage=1"):
        key = changed.partition("=")[0]
        others = [text for text in (*asked, *two) if not text.startswith(f"{key}=")]
        assert said(*others, changed) == []


@pytest.mark.parametrize(
    ("default", "files", "typed"),
    [
        ("override hydra/launcher: slurm", {}, ()),
        (
            None,
            {
                "preset/ours.yaml": "# @package _global_\n"
                "defaults: [embedded, override /hydra/launcher: slurm]\n"
            },
            ("preset=ours",),
        ),
        (None, {"hydra/launcher/ours.yaml": "defaults: [slurm]\n"}, ("hydra/launcher=ours",)),
    ],
    ids=["default", "preset", "launcher"],
)
def test_a_cluster_is_known_wherever_it_was_chosen(tmp_path, default, files, typed):
    """Jobs share a batch by what they ask for, not by the workers of this machine."""
    conf = tmp_path / "conf"
    shutil.copytree(CONF, conf)
    config = (conf / "config.yaml").read_text()
    added = config.replace("  - _self_\n", f"  - _self_\n  - {default}\n") if default else config
    assert (added != config) == (default is not None)
    for file, text in {"config.yaml": added, **files}.items():
        (conf / file).parent.mkdir(parents=True, exist_ok=True)
        (conf / file).write_text(text)
    asked = ("slurm.nodes=3", "workers_per_stage=5", f"store={tmp_path}", *typed)
    found = said(*asked, conf=conf)
    assert found
    assert all("3 processes (slurm.nodes=3 with 1 each" in line for line in found)
    (one, *_) = said(*asked, "hydra/launcher=local", conf=conf)
    assert "5 processes (workers_per_stage=5)" in one


@pytest.mark.parametrize(
    ("overrides", "device"),
    [
        ([], "cpu-core"),
        (["preset=smoke"], "cpu-core"),
        (["preset=one_gpu"], "H100"),
        (["preset=paper"], "H100"),
        (["device=H200"], "H200"),
    ],
)
def test_plans_count_the_time_of_what_the_preset_is_for(overrides, device):
    """A laptop's study on a laptop's core; the command line goes before the preset."""
    with search_path(CONF):
        assert Composer("config").compose(overrides).device == device


@pytest.mark.parametrize(
    ("override", "accepted"),
    [
        ("seed=1.5", "accepted is a whole number."),
        ("corruption=a", "accepted is a number."),
        ("mixing.limits.boolq=abc", "accepted is a number."),
        ("plan=maybe", "accepted are true and false."),
        ("suite.columns=3", "accepted is a list, such as [a,b]."),
        ("suite.tasks=3", "accepted is a list, such as [a,b]."),
        ("tasks.boolq=3", "accepted are settings by name, such as {NAME: VALUE}."),
    ],
)
def test_wrong_kind_of_value(override, accepted):
    """What the key takes, in the words of a command line."""
    assert said(override) == [f"{override}: {accepted}"]


@pytest.mark.parametrize("override", ["pretrain={stps: 3}", "pretrain.stps=3"])
def test_unknown_key_is_named_however_it_is_given(override):
    """Whole, with the nearest one and those beside it."""
    (complaint,) = said(override)
    assert complaint.startswith(
        f"{override}: unknown key 'pretrain.stps'. Did you mean 'pretrain.steps'? Known in"
    )


def test_settings_may_be_taken_from_elsewhere():
    """An interpolation stands for them."""
    assert said("mixing.limits=${roles.translations}") == []


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("scaling.steps=1e308", "scaling.steps=1e+308: must be 1,000,000 or less."),
        ("scaling.batch=1e400", "scaling.batch=inf: must be finite."),
        ("corruption=nan", "corruption=nan: must be a number."),
        ("span_length=-inf", "span_length=-inf: must be finite."),
        (
            f"pretrain.steps={10**30}",
            f"pretrain.steps={10**30}: must be 1,000,000,000,000 or less.",
        ),
        ("finetune.inputs_length=2000000", "finetune.inputs_length=2000000: must be 1,048,576 or"),
        (f"scaling.ensemble={10**9}", f"scaling.ensemble={10**9}: must be 1,000 or less."),
        (f"finetune.seed={2**64}", f"finetune.seed={2**64}: must be 9,223,372,036,854,775,807 or"),
        ("finetune.z_loss=-1", "finetune.z_loss=-1: must be 0 or more."),
        ("strategy.name=foo", "Unknown strategy 'foo'. Known: pretrain_finetune, multitask,"),
        ("size.name=bse", "Unknown size 'bse'. Did you mean 'base'?"),
        ("suite.columns=[]", "suite.columns=[]: the table has no columns."),
        (
            "suite.columns=[{name:X,terms:[[]]}]",
            "suite.columns, X, terms: [[]]: a group is empty. Accepted are groups of TASK.METRIC",
        ),
        ("suite.columns=[{name:X,terms:[]}]", "suite.columns, X, terms: []: a group is empty."),
        (
            "suite.columns=[{name:X,decimals:-1,terms:[[boolq.acc]]}]",
            "suite.columns[0].decimals=-1: must be 0 or more.",
        ),
        (
            "suite.columns=[{name:X,terms:[[boolq.acc]]},{name:X,terms:[[boolq.acc]]}]",
            "suite.columns: 2 columns are named X. Give each its own.",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_anything_runs(override, complaint):
    """Numbers without end, of more than 64 bits, below nothing; lists and groups of nothing."""
    (found,) = said(override)
    assert found.startswith(complaint)


def test_multiples_that_are_possible_alone_may_be_too_large_together():
    """Pre-training's steps are their own times both multiples."""
    found = said("scaling.steps=1e6", "pretrain.steps=10000000")
    assert found == [
        "pretrain.steps: the multiples under scaling make it 1e+13; at most 1,000,000,000,000 are "
        "accepted. Lower scaling.steps."
    ]


def test_an_ensembles_last_seed_is_no_larger_than_others():
    """Member 2 would have a seed of 64 bits."""
    largest = 2**63 - 1
    found = said(f"finetune.seed={largest}", "scaling.ensemble=2")
    expected = (
        f"finetune.seed={largest}: the ensemble's last member has the seed {largest + 1}, too"
    )
    assert [line.startswith(expected) for line in found] == [True]


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("objective=[span,iid]", "several values have no brackets. Type objective=span,iid."),
        ("corruption=[0.15,0.25]", "several values have no brackets. Type corruption=0.15,0.25."),
        ("seed=0..2", "accepted is a whole number. Type seed=0,1,2."),
        ("seed=1-3", "accepted is a whole number. Type seed=1,2,3."),
        ("seed=0:99", "accepted is a whole number. Type 'seed=range(0,100)'."),
        ("seed=9..2", "accepted is a whole number."),
        ("pretrain.steps=1e3", "accepted is a whole number. Type pretrain.steps=1000."),
        ("corruption=15%", "accepted is a number. Type corruption=0.15."),
        ("lr=0.1", "unknown key 'lr'. Did you mean finetune.learning_rate?"),
        (
            "steps=100",
            "unknown key 'steps'. Did you mean finetune.steps or pretrain.steps or scaling.steps?",
        ),
        ("launcher=slurm", "Type hydra/launcher=slurm. Known: local, slurm."),
        (
            "seeds=0,1,2",
            "seeds has settings of its own. Type seeds.baseline=VALUE. Known: baseline, variants, "
            "most.",
        ),
    ],
)
def test_a_first_hours_typings(override: str, told: str):
    """Each is one complaint, with what to type instead where that can be known."""
    assert said(override) == [f"{override}: {told}"]


def expanded(*overrides: str) -> Sweep:
    """The one sweep of these overrides."""
    with search_path(CONF):
        (sweep,) = Expansion(Composer("config"), overrides).sweeps()
    return sweep


def test_a_typed_seed_is_one_seed():
    """But for the counts of `seeds` that are typed beside it."""
    one = expanded("seed=3", "objective=span,iid")
    assert [[cell.seed for cell in row.cells] for row in one.rows] == [[3], [3]]
    two = expanded("seed=3", "seeds.baseline=2", "seeds.variants=1", "objective=span,iid")
    assert sorted([cell.seed for cell in row.cells] for row in two.rows) == [[3], [3, 4]]
    file = expanded("sweep=table06", "seed=0")
    assert {tuple(cell.seed for cell in row.cells) for row in file.rows} == {(0,)}


@pytest.mark.parametrize(
    ("axes", "named", "overrides"),
    [
        (["objective=iid,bert"], "bert", ("objective=bert",)),
        (["objective=iid,bert"], '"objective=bert"', ("objective=bert",)),
        (
            ["objective=iid,bert", "corruption=0.25,0.5"],
            '"bert,0.5"',
            ("objective=bert", "corruption=0.5"),
        ),
        (
            ["objective=iid,bert", "corruption=0.25,0.5"],
            '"bert, 50%"',
            ("objective=bert", "corruption=0.5"),
        ),
    ],
)
def test_a_row_of_a_grid_may_be_the_baseline(
    axes: list[str], named: str, overrides: tuple[str, ...]
):
    """It is named by its label, its values or what was typed, and no other row is added."""
    sweep = expanded(*axes, f"baseline={named}", "seed=0")
    assert [row.overrides for row in sweep.rows if row.baseline] == [overrides]
    assert len(sweep.rows) == 2 ** len(axes)


def test_a_row_of_a_file_may_be_the_baseline():
    """In the place of the one that the file names."""
    sweep = expanded("sweep=table06", 'baseline="Corruption rate = 10%"', "seed=0")
    assert [row.label for row in sweep.rows if row.baseline] == ["Corruption rate = 10%"]


def test_a_wrong_baseline_is_told_with_what_else_is_wrong():
    """With the names that there are, and what to type for a row of two axes."""
    assert said("baseline=foo", "corruption=abc", "objective=span,iid") == [
        "corruption=abc: accepted is a number.",
        "baseline=foo: no row is called so. Accepted are auto, none, or a row: baseline=span, "
        "baseline=iid.",
    ]
    (many,) = said("baseline=span", "objective=span,iid", "corruption=0.2,0.3")
    assert many.startswith("baseline=span: 2 rows are called so. Accepted are auto, none, or a row")
    assert """'baseline="span,0.2"'""" in many
    (search,) = said("search=ascent", "objective=span,iid", "baseline=span")
    assert search.startswith("baseline=span: a search starts from the defaults.")


def test_the_file_beside_a_misspelt_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where a path is typed, by its path."""
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "mine.yaml").write_text("title: Mine\n")
    monkeypatch.chdir(tmp_path)
    (complaint,) = said("sweep=sweeps/mien.yaml")
    assert complaint == "sweep=sweeps/mien.yaml: no such sweep. Did you mean 'sweeps/mine.yaml'?"
    (complaint,) = said("sweep=sweeps/mine")
    assert complaint == "sweep=sweeps/mine: no such sweep. Did you mean sweep=sweeps/mine.yaml?"


def test_the_definition_beside_a_name_that_is_no_task_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """And not all the tasks that there are."""
    (tmp_path / "reviews.yaml").write_text("kind: classification\n")
    monkeypatch.chdir(tmp_path)
    (complaint,) = said("tasks=reviews")
    assert complaint == "Unknown task 'reviews'. Did you mean 'reviews.yaml'?"
