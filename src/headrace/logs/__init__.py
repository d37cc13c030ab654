"""Structured logs: one set-up for all processes, on the standard library's ``logging``."""

from headrace.logs.config import LogConfig, parse_levels
from headrace.logs.fields import add_fields
from headrace.logs.setup import levels_text, set_levels, set_up_logging

__all__ = ["LogConfig", "add_fields", "levels_text", "parse_levels", "set_levels", "set_up_logging"]
