"""The points of a handler at which its worker can die: before each of its lines, and after it has returned.

The lines are those of the handler itself, and of the functions named in ``within``, as they are run: a loop of ten
rounds passes its body ten times. The end of a ``with`` block is no point of its own. They are found by ``sys.settrace``
in the thread that runs the handler, so a debugger or a coverage tool that uses it too does not see these attempts.
"""

from __future__ import annotations

import dis
import inspect
import linecache
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from msgspec import Struct, field

from headrace.errors import UsageError

At = int | str
"""``"start"``, ``"end"``, the number of a line in the order they are run (from 1), or a piece of a line's text."""


class WorkerDied(BaseException):
    """Thrown into a handler whose worker is made to die: no ``except Exception`` may go on after its own death.

    What ``with`` and ``finally`` do runs, as a database rolls back when its client is gone. Nothing of it runs after a
    real ``kill -9``: see :mod:`headrace.testing.processes`.
    """


class Line(Struct, frozen=True):
    """A line that a handler ran: where it is, and what it says."""

    file: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}: {self.text}"


class CrashPlan(Struct, frozen=True, kw_only=True):
    """Where the next attempt of ``task`` (None: of any) ends. ``at`` None: nowhere, its lines are only noted.

    ``lines`` is filled with what was run.
    """

    task: str | None
    at: At | None
    within: tuple[Callable[..., Any], ...] = ()
    lines: list[Line] = field(default_factory=list)


class Tracer:
    """Follows one attempt; kills it where the plan says. Without a plan it does nothing."""

    def __init__(self, function: Callable[..., Any], plan: CrashPlan | None) -> None:
        self._plan = plan
        self._death: WorkerDied | None = None
        self._codes = frozenset(map(_code_of, (function, *plan.within))) if plan is not None else frozenset()

    def __enter__(self) -> Tracer:
        if self._plan is None:
            return self
        if self._plan.at == "start":
            raise WorkerDied("the worker died before the handler began")
        self._before = sys.gettrace()
        sys.settrace(self._on_call)
        return self

    def __exit__(self, *_: object) -> None:
        if self._plan is not None:
            sys.settrace(self._before)

    def returned(self) -> None:
        """The handler has returned; die here if the plan says so. Raises UsageError when its point was not met."""
        if self._death is not None:
            raise self._death  # the handler caught it, and went on
        if self._plan is not None and self._plan.at is not None:
            if self._plan.at != "end":
                raise UsageError(_missed(self._plan.at, self._plan.lines))
            raise WorkerDied("the worker died after the handler had returned, before that was stored")

    def _on_call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._on_line if frame.f_code in self._codes else None

    def _on_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line" and frame.f_lasti not in _ends_of_with(frame.f_code):
            assert self._plan is not None
            file = frame.f_code.co_filename
            line = Line(file, frame.f_lineno, linecache.getline(file, frame.f_lineno).strip())
            self._plan.lines.append(line)
            if self._is_here(line, len(self._plan.lines)):
                self._death = WorkerDied(f"the worker died before {line}")
                raise self._death
        return self._on_line

    def _is_here(self, line: Line, number: int) -> bool:
        assert self._plan is not None
        at = self._plan.at
        return at == number if isinstance(at, int) else at not in (None, "end") and str(at) in line.text


@lru_cache(maxsize=1_000)
def _ends_of_with(code: CodeType) -> frozenset[int]:
    """Where the code comes back to a line of ``with``, to leave it: what is thrown there would not leave it at all.

    It is where ``None, None, None`` are put down for ``__exit__``, and begins a line of the trace.
    """
    steps = list(dis.get_instructions(code))
    return frozenset(
        first.offset
        for first, *others in zip(steps, steps[1:], steps[2:], strict=False)
        if all(step.opname.startswith("LOAD_CONST") and step.argval is None for step in (first, *others))
    )


def _code_of(function: Callable[..., Any]) -> CodeType:
    function = inspect.unwrap(getattr(function, "function", function))
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        message = f"within takes functions written with def, whose lines can be followed; got {function!r}"
        raise UsageError(message)
    return code


def _missed(at: At, lines: Sequence[Line]) -> str:
    ran = "\n".join(f"  {number:3} {line.text}" for number, line in enumerate(lines, start=1))
    return f"crash(at={at!r}) was not met: the handler returned before. It ran:\n{ran or '  nothing'}"
