"""Optimizers, schedules and the processes that train together."""
