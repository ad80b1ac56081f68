"""The bold rule, under the name that others import."""

from reports.statistics.significance import bold_mask

__all__ = ["bold_mask"]
