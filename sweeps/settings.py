"""The keys of a run that every study shares: where, what of it, how many times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

from sweeps.constraints import complaint as outside_of_bounds
from sweeps.constraints import complaints as outside_of_all_bounds
from sweeps.errors import nearest
from sweeps.hardware.devices import devices
from sweeps.hardware.request import OF_RUN
from sweeps.store import default_store

SEED = {"least": 0, "most": 2**63 - 1}
"""What random number generators take, and JSON keeps."""
SEEDS = {"least": 1, "most": 10_000}
"""How many a row may have."""


def setting(default: Any, **metadata: Any) -> Any:
    """A field with its bounds and choices (sweeps/constraints.py).

    `operational=False` marks a setting that says what a sweep asks, not how the sweep runs.
    """
    return field(default=default, metadata=metadata)


def _by_name(values: Any) -> Any:
    """An empty mapping that takes any name; others refuse what is not there without a +."""
    return DictConfig({}, key_type=str, element_type=values, flags={"struct": False})


@dataclass
class Seeds:
    baseline: int = setting(1, **SEEDS)
    """Seeds of the baseline row: two or more give the table its ruler."""
    variants: int = setting(1, **SEEDS)
    """Seeds of every other row."""
    most: int = setting(10, **SEEDS)
    """Seeds that a row gets at most where `claims=decide` adds them."""


@dataclass
class SearchSettings:
    """How the swept overrides become cells: every combination, or a search (`search=ascent`)."""

    name: str = "none"
    score: str | None = None
    """The column whose best value wins an axis; without one the average, else the first."""
    tie_break: str = "cheaper"
    """`cheaper`: of candidates within two baseline standard deviations; `none`: the best."""
    settled: int = setting(0, least=0, most=10_000)
    """How many axes, or rounds of `claims=decide`, from the first, have ended on a cluster: a job
    of these that died without a word counts as failed. Of later ones such a job is submitted again.
    The job that decides an axis or a round types this setting; a user need not."""


SEARCHES = ("none", "ascent")


@dataclass
class ClaimSettings:
    """What is claimed of a grid's rows, and whether seeds are added until claims are decided."""

    name: str = "judge"
    that: list[Any] = field(default_factory=list)
    """Claims beside those of the sweep file; `claims=[...]` is short for `claims.that=[...]`."""
    axes: list[Any] = field(default_factory=list)
    """What the study claims of single axes' values, such as `corruption=0.25 ~ corruption=0.15`:
    asked of a grid that has such rows, where nothing else is claimed."""
    level: float = setting(0.05, more_than=0, most=0.5)
    """The chance of any false verdict among a sweep's claims."""
    hours: float | None = setting(None, more_than=0, most=10_000_000)
    """What the seeds that `claims=decide` adds may take, by the plan's hours on its device."""


CLAIMS = ("judge", "decide")


@dataclass
class Slurm:
    """What a cluster job asks for; a stage's own name under `stages` overrides it."""

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    comment: str | None = None
    """What a site wants to read there; the mark of our jobs stands behind it."""
    constraint: str | None = None
    """Features that a node must have, such as `a100`."""
    nodelist: str | None = None
    exclude: str | None = None
    """Nodes that must not be among them."""
    time_minutes: int = setting(60, least=1, most=10_000_000)
    gpus: int = setting(0, least=0, most=10_000)
    nodes: int = setting(1, least=1, most=100_000)
    """Of a stage that several processes can share; more than one for large models only."""
    tasks: int | None = setting(None, least=1, most=10_000)
    """Processes of such a stage on each node: as many as it has GPUs there, unless said."""
    cpus_per_task: int = setting(1, least=1, most=10_000)
    memory_gb: int | None = setting(None, least=1, most=10_000_000)
    max_requeues: int = setting(10, least=0, most=1_000_000)
    """How often a job may be cut short by a limit or a preemption and still go on."""
    stages: dict[str, dict[str, Any]] = field(default_factory=lambda: _by_name(dict[str, Any]))
    setup: list[str] = field(default_factory=list)
    """Shell lines that a job runs first."""
    extra: dict[str, Any] = field(default_factory=lambda: _by_name(Any))
    """Further options of sbatch by their long names, such as `{reservation: course}`."""


@dataclass
class RunSettings:
    """What `run.py` itself reads. None of it but `seed` reaches a stage."""

    study: str = MISSING
    """The package that turns a cell into stages; its conf/ is read, so no cell needs its name."""
    store: str = "${default_store:}"
    """Where finished stages lie; the product's variable where it says something, else ./store."""
    seed: int = setting(0, **SEED, operational=False)
    seeds: Seeds = field(default_factory=Seeds, metadata={"operational": False})
    baseline: str = setting("auto")
    """A row, by label or values; `none`; or `auto`: the defaults, added where a grid lacks them."""
    search: SearchSettings = field(default_factory=SearchSettings)
    claims: ClaimSettings = field(default_factory=ClaimSettings)
    sweep: str | None = None
    """A file of sweeps/<study>/, or several: `sweep=table06`, `sweep=table06,other/table05`."""
    plan: bool = False
    until: str | None = None
    """Run stages of this name and what they need, and leave the others for another time."""
    format: str = setting("text", choices=("text", "json"))
    wait: bool | None = None
    """Stay until all is finished. Local runs always do; a cluster run only with `wait=true`."""
    submit_from_jobs: bool = True
    """Whether compute nodes may submit: a search then goes on by itself, in a small job an axis."""
    max_jobs: int = setting(1000, least=1, most=1_000_000)
    workers: int | None = setting(None, least=1, most=10_000)
    """Worker processes at a time; as many as the machine has cores or GPUs when null."""
    threads: int | None = setting(None, least=1, most=10_000)
    slots_per_gpu: int = setting(1, least=1, most=1_000)
    """Worker processes that share a GPU; small models leave room for several."""
    workers_per_stage: int = setting(1, least=1, most=10_000)
    """Worker processes that run one stage together, each on a GPU of its own where there are some;
    of stages that several processes can share."""
    lease_timeout: float = setting(90.0, more_than=0, most=10_000_000, unit="seconds")
    """Seconds without a heartbeat after which another host's stage is taken over."""
    device: str = setting("H100", choices=tuple(devices()))
    """The device whose hours the plan counts: a name of sweeps/hardware/devices.json."""
    share_of_peak: float | None = setting(None, more_than=0, most=1)
    """What it achieves of its peak; null takes what was measured there, else what is usual."""
    wandb: str = setting("off", choices=("off", "offline", "online"))
    """Whether wandb mirrors stages: `off`, `offline` (in the store) or `online`."""
    parallel: str = setting("ddp", choices=("ddp", "fsdp"))
    """How processes of one stage share its model: `ddp`, or `fsdp` for one that is too large."""
    slurm: Slurm = field(default_factory=Slurm)


OmegaConf.register_new_resolver("default_store", default_store, replace=True)

OPERATIONAL = frozenset(
    {f.name for f in fields(RunSettings) if f.metadata.get("operational", True)} | {"hydra"}
)
"""Top-level keys that change how a sweep runs, never what it asks."""

OF_STAGES = tuple(f.name for f in fields(Slurm) if f.name not in OF_RUN)
"""What a single stage may ask a cluster for."""


def operational(key: str) -> bool:
    """Whether a key, such as `slurm.gpus`, is or lies below one that no cell reads."""
    if key == "seeds.most":
        return True
    return key.partition(".")[0].partition("/")[0] in OPERATIONAL


def complaints(run: Mapping[str, Any]) -> list[str]:
    """What no run can do with its resolved settings, one line each."""
    found = outside_of_all_bounds(RunSettings, run) + _of_stages(run["slurm"]["stages"])
    if not run["store"].strip():
        found.append("store=: must name a folder, such as store=./store.")
    return found


def _of_stages(stages: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The complaints about single stages' settings, whose types no schema knows."""
    bounds: dict[str, Mapping[str, Any]] = {f.name: f.metadata for f in fields(Slurm)}
    found = []
    given = [(name, *one) for name, settings in stages.items() for one in settings.items()]
    for name, key, value in given:
        where, least = f"slurm.stages.{name}.{key}", bounds.get(key, {}).get("least")
        if key not in OF_STAGES:
            found.append(f"{where}: no such setting. {nearest(key, OF_STAGES)}")
        elif value is None and getattr(Slurm, key, "") is None:
            continue
        elif key == "setup" and not isinstance(value, list):
            found.append(f"{where}={value}: accepted is a list of shell lines, in brackets.")
        elif least is not None and not (isinstance(value, int) and value >= least):
            found.append(f"{where}={value}: accepted is a whole number of at least {least}.")
        elif least is not None and (line := outside_of_bounds(where, value, bounds[key])):
            found.append(line)
    return found


def register() -> None:
    """Give Hydra the schema, so that a study's config.yaml can start from `run_settings`."""
    # As plain values: a study's own keys join them, and types are checked on the whole.
    plain = OmegaConf.to_container(OmegaConf.structured(RunSettings))
    assert isinstance(plain, dict)
    node = OmegaConf.create(
        {"defaults": ["_self_", {"search": "none"}, {"claims": "judge"}], **plain}
    )
    for open_mapping in (node.slurm.stages, node.slurm.extra):
        OmegaConf.set_struct(open_mapping, False)
    store = ConfigStore.instance()
    store.store(name="run_settings", node=node)
    for group, names in (("search", SEARCHES), ("claims", CLAIMS)):
        for name in names:
            store.store(group=group, name=name, node={"name": name})
