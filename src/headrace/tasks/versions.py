"""Versions of a task: how the arguments of jobs that older code has stored become those of this code."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from headrace.errors import ConfigError, InvalidArguments, UsageError
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")

Arguments = dict[str, Any]
Upcaster = Callable[[Arguments], Mapping[str, Any]]


class Upcast(Struct, frozen=True, kw_only=True):
    """One step: from the arguments of ``from_version`` to those of the next."""

    from_version: int
    function: Upcaster
    deprecated: str | None = None
    sunset: date | None = None


class Upcasts:
    """The chain of one task, from its oldest readable version to ``version``.

    >>> chain = Upcasts("pay", 3)
    >>> chain.add(Upcast(from_version=1, function=lambda args: {"cents": args["euros"] * 100}))
    >>> chain.add(Upcast(from_version=2, function=lambda args: {**args, "currency": "EUR"}))
    >>> chain.apply(1, {"euros": 5})
    {'cents': 500, 'currency': 'EUR'}
    """

    def __init__(self, task: str, version: int) -> None:
        self._task = task
        self._version = version
        self._steps: dict[int, Upcast] = {}
        self._told: set[int] = set()

    @property
    def steps(self) -> Mapping[int, Upcast]:
        """The steps, by the version they begin at."""
        return dict(self._steps)

    def add(self, step: Upcast) -> None:
        """Add a step. Raises ConfigError for a version that is not an older one, UsageError for a second of it."""
        if type(step.from_version) is not int or not 1 <= step.from_version < self._version:
            message = (
                f"{self._task}: from_version is an older version, from 1 to {self._version - 1}; got "
                f"{step.from_version!r}. Raise the task's own with @app.task(version=...) first"
            )
            raise ConfigError(message)
        earlier = self._steps.get(step.from_version)
        if earlier is not None and _place(earlier.function) != _place(step.function):
            message = f"{self._task}: there is an upcast from version {step.from_version} already"
            raise UsageError(message)
        self._steps[step.from_version] = step

    def apply(self, version: int, arguments: Arguments) -> Arguments:
        """The arguments for this code. Raises InvalidArguments where a step is missing or answers no mapping."""
        if version > self._version:
            message = f"{self._task} is version {self._version} here, and cannot read arguments of version {version}"
            raise InvalidArguments(message)
        for each in range(version, self._version):
            step = self._steps.get(each)
            if step is None:
                message = (
                    f"{self._task} is version {self._version} and has no way from version {each}: write one with "
                    f"@{self._task.rpartition('.')[2]}.upcast(from_version={each})"
                )
                raise InvalidArguments(message)
            answer = step.function(arguments)
            if not isinstance(answer, Mapping):
                message = f"{self._task}: the upcast from version {each} answers the new arguments; got {answer!r}"
                raise InvalidArguments(message)
            arguments = dict(answer)
        return arguments

    def tell(self, version: int, telemetry: Telemetry) -> None:
        """Say once that jobs of this version are deprecated, if they are."""
        step = self._steps.get(version)
        if step is None or step.deprecated is None or version in self._told:
            return
        self._told.add(version)
        until = f", and will not be read after {step.sunset}" if step.sunset else ""
        log.warning("version %d of task %s is deprecated%s: %s", version, self._task, until, step.deprecated)
        telemetry.emit("task.deprecated", task=self._task, version=version, message=step.deprecated)


def _place(function: Any) -> tuple[str, int]:
    code = function.__code__ if hasattr(function, "__code__") else function
    return getattr(code, "co_filename", ""), getattr(code, "co_firstlineno", id(function))
