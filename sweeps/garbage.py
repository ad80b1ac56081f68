"""What `sweeps.verbs.garbage` is called by those who know its old place."""

from sweeps.verbs.garbage import find_garbage, remove

__all__ = ["find_garbage", "remove"]
