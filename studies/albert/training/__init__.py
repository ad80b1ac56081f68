"""Stages that need torch."""
