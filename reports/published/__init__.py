"""A study's published tables, through the same Table as ours."""

from reports.published.find import find_study, studies
from reports.published.study import PublishedStudy

__all__ = ["PublishedStudy", "find_study", "studies"]
