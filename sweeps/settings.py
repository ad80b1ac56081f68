"""The keys of a run that every study shares: where, what of it, how many times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

from sweeps.errors import nearest
from sweeps.hardware.devices import devices
from sweeps.hardware.request import OF_RUN
from sweeps.store import default_store


def _by_name(values: Any) -> Any:
    """An empty mapping that takes any name; others refuse what is not there without a +."""
    return DictConfig({}, key_type=str, element_type=values, flags={"struct": False})


@dataclass
class Seeds:
    baseline: int = 1
    """Seeds of the baseline row: two or more give the table its ruler."""
    variants: int = 1
    """Seeds of every other row."""


@dataclass
class SearchSettings:
    """How the swept overrides become cells: every combination, or a search (`search=ascent`)."""

    name: str = "none"
    score: str | None = None
    """The column whose best value wins an axis; without one the average, else the first."""
    tie_break: str = "cheaper"
    """`cheaper`: of candidates within two baseline standard deviations; `none`: the best."""
    settled: int = 0
    """On a cluster: in so many axes a job that died without a word has failed; else it is tried
    again. A job that decides an axis says so of that axis."""


SEARCHES = ("none", "ascent")


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
    time_minutes: int = 60
    gpus: int = 0
    nodes: int = 1
    """Of a stage that several processes can share; more than one for large models only."""
    tasks: int | None = None
    """Processes of such a stage on each node: as many as it has GPUs there, unless said."""
    cpus_per_task: int = 1
    memory_gb: int | None = None
    max_requeues: int = 10
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
    seed: int = 0
    seeds: Seeds = field(default_factory=Seeds)
    baseline: str = "auto"
    """`auto` adds the baseline row where the grid lacks it, `none` leaves it out."""
    search: SearchSettings = field(default_factory=SearchSettings)
    sweep: str | None = None
    """A file of sweeps/<study>/, or several: `sweep=table06`, `sweep=table06,other/table05`."""
    plan: bool = False
    until: str | None = None
    """Run stages of this name and what they need, and leave the others for another time."""
    format: str = "text"
    wait: bool | None = None
    """Stay until all is finished. Local runs always do; a cluster run only with `wait=true`."""
    submit_from_jobs: bool = True
    """Whether compute nodes may submit: a search then goes on by itself, in a small job an axis."""
    max_jobs: int = 1000
    workers: int | None = None
    """Worker processes at a time; as many as the machine has cores or GPUs when null."""
    threads: int | None = None
    slots_per_gpu: int = 1
    """Worker processes that share a GPU; small models leave room for several."""
    workers_per_stage: int = 1
    """Worker processes that run one stage together, each on a GPU of its own where there are some;
    of stages that several processes can share."""
    lease_timeout: float = 90.0
    """Seconds without a heartbeat after which another host's stage is taken over."""
    device: str = "H100"
    """The device whose hours the plan counts: a name of sweeps/hardware/devices.json."""
    share_of_peak: float | None = None
    """What it achieves of its peak; null takes what was measured there, else what is usual."""
    wandb: str = "off"
    """Whether wandb mirrors stages: `off`, `offline` (in the store) or `online`."""
    parallel: str = "ddp"
    """How processes of one stage share its model: `ddp`, or `fsdp` for one that is too large."""
    slurm: Slurm = field(default_factory=Slurm)


OmegaConf.register_new_resolver("default_store", default_store, replace=True)

OPERATIONAL = frozenset(
    {
        *(
            "study",
            "store",
            "sweep",
            "baseline",
            "plan",
            "until",
            "format",
            "wait",
            "max_jobs",
            "wandb",
        ),
        *("search", "submit_from_jobs", "parallel", "device", "share_of_peak"),
        *("workers", "threads", "slots_per_gpu", "workers_per_stage", "lease_timeout"),
        *("slurm", "hydra"),
    }
)
"""Top-level keys that change how a sweep runs, never what it asks."""

CHOICES: dict[str, tuple[str, ...]] = {
    "baseline": ("auto", "none"),
    "format": ("text", "json"),
    "device": tuple(devices()),
    "wandb": ("off", "offline", "online"),
    "parallel": ("ddp", "fsdp"),
}
LEAST: dict[str, int] = {
    **dict.fromkeys(("workers", "threads", "slots_per_gpu", "workers_per_stage", "max_jobs"), 1),
    **dict.fromkeys(("seeds.baseline", "seeds.variants"), 1),
    **dict.fromkeys(("slurm.time_minutes", "slurm.nodes", "slurm.cpus_per_task"), 1),
    **dict.fromkeys(("slurm.gpus", "slurm.max_requeues", "seed", "search.settled"), 0),
    **dict.fromkeys(("slurm.tasks", "slurm.memory_gb"), 1),
}
OF_STAGES = tuple(f.name for f in fields(Slurm) if f.name not in OF_RUN)
"""What a single stage may ask a cluster for."""


def operational(key: str) -> bool:
    """Whether a key, such as `slurm.gpus`, is or lies below one that no cell reads."""
    return key.partition(".")[0].partition("/")[0] in OPERATIONAL


def complaints(run: Mapping[str, Any]) -> list[str]:
    """What no run can do with its resolved settings, one line each."""
    said = [
        f"{key}={run[key]}: accepted are {', '.join(accepted[:-1])} and {accepted[-1]}."
        for key, accepted in CHOICES.items()
        if run[key] not in accepted
    ]
    for key, least in LEAST.items():
        group, _, name = key.rpartition(".")
        value = (run[group] if group else run)[name]
        if value is not None and value < least:
            said.append(f"{key}={value}: must be {least} or more.")
    said += _of_stages(run["slurm"]["stages"])
    if not run["store"].strip():
        said.append("store=: must name a folder, such as store=./store.")
    if not run["lease_timeout"] > 0:
        said.append(f"lease_timeout={run['lease_timeout']:g}: must be more than 0 seconds.")
    share = run["share_of_peak"]
    if share is not None and not 0 < share <= 1:
        said.append(f"share_of_peak={share:g}: a share is more than 0, at most 1.")
    return said


def _of_stages(stages: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The complaints about single stages' settings, whose types no schema knows."""
    said = []
    given = [(name, *setting) for name, own in stages.items() for setting in own.items()]
    for name, key, value in given:
        where, least = f"slurm.stages.{name}.{key}", LEAST.get(f"slurm.{key}")
        if key not in OF_STAGES:
            said.append(f"{where}: no such setting. {nearest(key, OF_STAGES)}")
        elif value is None and getattr(Slurm, key, "") is None:
            continue
        elif key == "setup" and not isinstance(value, list):
            said.append(f"{where}={value}: accepted is a list of shell lines, in brackets.")
        elif least is not None and not (isinstance(value, int) and value >= least):
            said.append(f"{where}={value}: accepted is a whole number of at least {least}.")
    return said


def register() -> None:
    """Give Hydra the schema, so that a study's config.yaml can start from `run_settings`."""
    # As plain values: a study's own keys join them, and types are checked on the whole.
    plain = OmegaConf.to_container(OmegaConf.structured(RunSettings))
    assert isinstance(plain, dict)
    node = OmegaConf.create({"defaults": ["_self_", {"search": "none"}], **plain})
    for open_mapping in (node.slurm.stages, node.slurm.extra):
        OmegaConf.set_struct(open_mapping, False)
    store = ConfigStore.instance()
    store.store(name="run_settings", node=node)
    for name in SEARCHES:
        store.store(group="search", name=name, node={"name": name})
