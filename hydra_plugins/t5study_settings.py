"""Hydra reads its plugins before it composes: here it learns the study's keys and defaults."""

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from t5study.config import BY_NAME, Schema

# As plain values: types are checked on the whole, where all complaints come out together.
settings = OmegaConf.create(OmegaConf.to_container(OmegaConf.structured(Schema)))
# A suite's file sets some keys of a unit; the others can be set as well.
settings.suite.units = {}
for key in (*BY_NAME, "suite.units"):
    OmegaConf.set_struct(OmegaConf.select(settings, key), False)

ConfigStore.instance().store(name="t5study_settings", node=settings)
