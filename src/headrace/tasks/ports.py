"""What a task and a handle need of the app above them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from headrace.model.job import Job
from headrace.model.payload import Codecs
from headrace.storage.jobs import Changed

if TYPE_CHECKING:
    from headrace.engine.surroundings import Surroundings
    from headrace.tasks.call import Call
    from headrace.tasks.declared import Declaration
    from headrace.tasks.handle import JobHandle
    from headrace.tasks.task import Task
    from headrace.telemetry import Telemetry

R = TypeVar("R")


class Desk(Protocol):
    """Where a handle asks about its job and changes it."""

    async def get(self, job_id: str) -> Job: ...
    async def settled(self, job_id: str, timeout: float | None = None) -> Job: ...
    def result_of(self, job: Job) -> Any: ...
    async def cancel(self, ids: Iterable[str], *, reason: str = ...) -> list[Changed]: ...
    async def retry(self, ids: Iterable[str]) -> list[Changed]: ...


class TaskHome(Protocol):
    """Where a task belongs: an app, or a blueprint, which answers once an app has included it."""

    @property
    def ready(self) -> bool:
        """True when the rest can be asked; until then it raises UsageError."""
        ...

    @property
    def surroundings(self) -> Surroundings: ...
    @property
    def telemetry(self) -> Telemetry: ...
    @property
    def codecs(self) -> Codecs: ...
    @property
    def payload_limit(self) -> int: ...
    def layers(self) -> Sequence[Mapping[str, Any]]:
        """The defaults that lie below a task's own settings, the outermost first."""
        ...

    def adopt(self, task: Task[Any, Any]) -> None:
        """Register a task."""
        ...

    def declare(self, declaration: Declaration) -> None:
        """Take in a schedule of the code."""
        ...

    async def enqueue(self, call: Call[R]) -> JobHandle[R]: ...
