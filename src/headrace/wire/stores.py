"""The store: whether it answers, and what it holds."""

from __future__ import annotations

from typing import Any

from headrace.model.job import JobState
from headrace.wire.base import Reply


class StoreView(Reply, frozen=True, kw_only=True):
    """The store of this server. ``counts`` are its jobs by state."""

    url: str
    ok: bool
    latency_s: float
    facts: dict[str, str]
    problems: tuple[str, ...]
    counts: dict[JobState, int]
    queues: int
    workers: int


class ExplanationView(Reply, frozen=True, kw_only=True):
    """Why a job is where it is: for programs, for people, what it rests on, and a command that would change it."""

    code: str
    sentence: str
    evidence: dict[str, Any]
    remedy: str
