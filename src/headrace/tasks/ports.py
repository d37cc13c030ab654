"""What a task and a handle need of the app above them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from headrace.model.job import Job
from headrace.storage.jobs import Changed

if TYPE_CHECKING:
    from headrace.tasks.call import Call
    from headrace.tasks.handle import JobHandle

R = TypeVar("R")


class Desk(Protocol):
    """Where a handle asks about its job and changes it."""

    async def get(self, job_id: str) -> Job: ...
    async def settled(self, job_id: str, timeout: float | None = None) -> Job: ...
    def result_of(self, job: Job) -> Any: ...
    async def cancel(self, ids: Iterable[str], *, reason: str = ...) -> list[Changed]: ...
    async def retry(self, ids: Iterable[str]) -> list[Changed]: ...


class Enqueuer(Protocol):
    """Where a task hands in its calls."""

    async def enqueue(self, call: Call[R]) -> JobHandle[R]: ...
