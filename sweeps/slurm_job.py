"""The class of jobs that were submitted earlier, under its old name."""

from sweeps.cluster.job import RunStages

__all__ = ["RunStages"]
