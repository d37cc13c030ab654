"""Headrace: the registry of tasks and the composition root."""

from headrace.app.headrace import Headrace

__all__ = ["Headrace"]
