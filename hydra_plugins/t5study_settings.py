"""Hydra reads its plugins before it composes: here it learns the study's keys and defaults."""

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from t5study.config import Schema

ConfigStore.instance().store(
    name="t5study_settings",
    # As plain values: types are checked on the whole, where all complaints come out together.
    node=OmegaConf.to_container(OmegaConf.structured(Schema)),
)
