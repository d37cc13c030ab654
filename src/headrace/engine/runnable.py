"""What the engine needs to know of a task. The task itself lives above; this is the seam it comes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from headrace.model.batch import BatchOptions
from headrace.model.job import Job
from headrace.model.retry import RetryPolicy

if TYPE_CHECKING:
    from headrace.engine.surroundings import Surroundings


class ExecutorKind(StrEnum):
    """Where a handler runs, and whether it can be stopped there.

    ``LOOP``: on the worker's event loop; cancelled at its next ``await``. ``THREAD``: in a pool of threads; cannot be
    stopped, only abandoned. ``PROCESS``: in a child process; killed when it must stop.
    """

    LOOP = "loop"
    THREAD = "thread"
    PROCESS = "process"


class Runnable(Protocol):
    """A task, seen from the engine. Read-only."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int:
        """The newest version of a job that it can run."""
        ...

    @property
    def executor(self) -> ExecutorKind: ...
    @property
    def retry(self) -> RetryPolicy: ...
    @property
    def function(self) -> Callable[..., Any]: ...
    @property
    def is_async(self) -> bool: ...
    @property
    def reference(self) -> str:
        """``module:qualified.name`` of the task object, by which a child process finds it."""
        ...

    @property
    def needs(self) -> Mapping[str, Any]:
        """The types of the parameters that the worker fills in, by name; empty for most."""
        ...

    @property
    def batch(self) -> BatchOptions | None:
        """Set for a handler that takes several jobs in one call, as a list."""
        ...

    @property
    def surroundings(self) -> Surroundings | None:
        """What the app has declared around its handlers; None where there is no app."""
        ...

    def conceal(self, job: Job, text: str) -> str:
        """A text about a job without the values that must not be shown."""
        ...

    def decode(self, job: Job) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments in ``job.payload``; raises what the codec raises."""
        ...

    def encode_result(self, value: Any) -> tuple[bytes | None, str]:
        """The stored form of what the handler returned, and its codec; raises TooLarge or what the codec raises."""
        ...


Registry = Callable[[str], Runnable | None]
"""Finds a task by its name; None when this process does not know it."""
