"""A study's published tables, through the same Table as ours."""

from reports.published.study import PublishedStudy, find_study, studies

__all__ = ["PublishedStudy", "find_study", "studies"]
