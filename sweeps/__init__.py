"""Orchestration of any study: identity, plan, execution and survival of stages."""
