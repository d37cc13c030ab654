"""For tests of programs that use headrace, and of stores. Public; names are imported when they are first used.

``AppHarness`` puts an app on a store in memory with a clock that stands still; the pytest fixture ``headrace_app`` is
one. :mod:`headrace.testing.faults` lets a store fail, :mod:`headrace.testing.processes` starts and kills real workers,
and :mod:`headrace.testing.conformance` is what every store must pass.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.testing.clock import FrozenClock
    from headrace.testing.crash_points import WorkerDied
    from headrace.testing.enqueued import EnqueuedJob
    from headrace.testing.faults import FaultyBackend, Outage, RandomFaults, Script, lost_reply, refused
    from headrace.testing.harness import AppHarness
    from headrace.testing.processes import WorkerProcess, WorkerProcesses
    from headrace.testing.report import DrainReport, Run
    from headrace.testing.spy import Spy

__all__ = [
    "AppHarness",
    "DrainReport",
    "EnqueuedJob",
    "FaultyBackend",
    "FrozenClock",
    "Outage",
    "RandomFaults",
    "Run",
    "Script",
    "Spy",
    "WorkerDied",
    "WorkerProcess",
    "WorkerProcesses",
    "lost_reply",
    "refused",
]

_HOME = {
    "AppHarness": "harness",
    "DrainReport": "report",
    "EnqueuedJob": "enqueued",
    "FaultyBackend": "faults",
    "FrozenClock": "clock",
    "Outage": "faults",
    "RandomFaults": "faults",
    "Run": "report",
    "Script": "faults",
    "Spy": "spy",
    "WorkerDied": "crash_points",
    "WorkerProcess": "processes",
    "WorkerProcesses": "processes",
    "lost_reply": "faults",
    "refused": "faults",
}


if not TYPE_CHECKING:  # A type checker knows the names above, and refuses all others.

    def __getattr__(name: str) -> Any:
        home = _HOME.get(name)
        if home is None:
            message = f"module 'headrace.testing' has no attribute {name!r}"
            raise AttributeError(message)
        value = globals()[name] = getattr(import_module(f"headrace.testing.{home}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
