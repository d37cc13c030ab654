"""Structured logs: one set-up for all processes, on the standard library's ``logging``."""

from headrace.logs.config import LogConfig
from headrace.logs.fields import add_fields
from headrace.logs.setup import set_levels, set_up_logging

__all__ = ["LogConfig", "add_fields", "set_levels", "set_up_logging"]
