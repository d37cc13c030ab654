"""Why a job is where it is: one sentence, what it rests on, and what would change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Explanation(Struct, frozen=True, kw_only=True):
    """The answer of ``app.explain``.

    ``code`` is for programs and stays the same; ``docs/how-to/why-is-it-not-running.md`` lists them. ``sentence`` is
    for people. ``evidence`` holds the facts it rests on, as plain values. ``remedy`` is a command to paste that would
    change it, or empty where there is nothing to do but wait.
    """

    code: str
    sentence: str
    evidence: Mapping[str, Any]
    remedy: str = ""
