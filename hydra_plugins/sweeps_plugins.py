"""Hydra instantiates plugins of this namespace only: the names of ours, free of heavy imports."""

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from sweeps import launcher, settings, sweeper
from sweeps.asking.compose import axes


class StudySweeper(sweeper.StudySweeper):
    """hydra/sweeper=study"""


class LocalLauncher(launcher.LocalLauncher):
    """hydra/launcher=local"""


class SlurmLauncher(launcher.SlurmLauncher):
    """hydra/launcher=slurm"""


settings.register()
OmegaConf.register_new_resolver("axes", axes, replace=True)
for _group, _name, _plugin in (
    ("launcher", "local", LocalLauncher),
    ("launcher", "slurm", SlurmLauncher),
    ("sweeper", "study", StudySweeper),
):
    ConfigStore.instance().store(
        group=f"hydra/{_group}",
        name=_name,
        node={"_target_": f"{_plugin.__module__}.{_plugin.__name__}"},
        provider="sweeps",
    )
