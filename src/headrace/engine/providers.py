"""Providers: what makes the values that handlers are given by type, and in which order."""

from __future__ import annotations

import inspect
import typing
from collections import abc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from msgspec import Struct

from headrace.engine.context import JobContext
from headrace.engine.inject import Injected, is_marked, kind_of
from headrace.errors import ConfigError, UsageError


class Scope(StrEnum):
    """How long a value lives.

    ``WORKER``: from its first use, or the worker's start, to the worker's end; one in each process. ``JOB``: one for
    each attempt.
    """

    WORKER = "worker"
    JOB = "job"


class Shape(StrEnum):
    """How a factory answers; one that yields has its end run when the scope is over."""

    PLAIN = "plain"
    COROUTINE = "coroutine"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"

    @property
    def is_async(self) -> bool:
        """Whether it needs an event loop."""
        return self in (Shape.COROUTINE, Shape.ASYNC_GENERATOR)


class Provider(Struct, frozen=True, kw_only=True):
    """A factory of values of ``kind``, with the types of what it needs itself, by parameter."""

    kind: Any
    factory: Callable[..., Any]
    scope: Scope
    shape: Shape
    needs: Mapping[str, Any]


class Plan(Struct, frozen=True, kw_only=True):
    """What is made for each attempt of a task. ``here`` in the thread of the handler, ``on_loop`` before it.

    ``kept`` are the types that live as long as the worker.
    """

    needs: Mapping[str, Any]
    kept: tuple[Any, ...]
    on_loop: tuple[Provider, ...]
    here: tuple[Provider, ...] = ()


_YIELDING = {abc.Iterator, abc.Generator, abc.Iterable, abc.AsyncIterator, abc.AsyncGenerator, abc.AsyncIterable}


def make_provider(factory: Callable[..., Any], kind: Any = None, scope: str = Scope.WORKER) -> Provider:
    """Read a factory's signature. Raises ConfigError or UsageError that says what to write instead."""
    if scope not in list(Scope):
        message = f"scope of a provider is 'worker' or 'job'; got {scope!r}"
        raise ConfigError(message)
    if not callable(factory):
        message = f"a provider is a function or a class that makes the value; got {factory!r}"
        raise UsageError(message)
    name = getattr(factory, "__qualname__", repr(factory))
    hints = _hints(name, factory)
    needs: dict[str, Any] = {}
    for parameter in inspect.signature(factory).parameters.values():
        spread = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        hint = hints.get(parameter.name)
        if spread or not (parameter.default is parameter.empty or is_marked(parameter, hint)):
            continue
        if hint is None:
            message = f"provider {name}: parameter {parameter.name!r} has no type by which it could be filled in"
            raise UsageError(message)
        needs[parameter.name] = kind_of(hint)
    shape = _shape(factory)
    made = kind if kind is not None else _made(name, hints.get("return"), shape)
    return Provider(kind=made, factory=factory, scope=Scope(scope), shape=shape, needs=needs)


def _hints(name: str, factory: Callable[..., Any]) -> dict[str, Any]:
    source = factory.__init__ if isinstance(factory, type) else inspect.unwrap(factory)  # type: ignore[misc]
    try:
        return typing.get_type_hints(source, include_extras=True)
    except (NameError, AttributeError, SyntaxError) as error:
        message = f"provider {name}: a type hint cannot be resolved: {error}. Define or import the type above it"
        raise UsageError(message) from None
    except TypeError:
        return {}  # A built-in, which has no hints.


def _shape(factory: Callable[..., Any]) -> Shape:
    if inspect.isasyncgenfunction(factory):
        return Shape.ASYNC_GENERATOR
    if inspect.isgeneratorfunction(factory):
        return Shape.GENERATOR
    return Shape.COROUTINE if inspect.iscoroutinefunction(factory) else Shape.PLAIN


def _made(name: str, hint: Any, shape: Shape) -> Any:
    if hint is not None and shape in (Shape.GENERATOR, Shape.ASYNC_GENERATOR):
        hint = typing.get_args(hint)[0] if typing.get_origin(hint) in _YIELDING else None
    if hint is None or hint is type(None):
        example = "AsyncIterator[Database]" if shape is Shape.ASYNC_GENERATOR else "Database"
        message = f"provider {name} does not say what it makes; annotate it: -> {example}"
        raise UsageError(message)
    return kind_of(hint)


class Providers:
    """The providers of an app, by the type they make, and what tests put in their place."""

    def __init__(self) -> None:
        self._by_kind: dict[Any, Provider] = {}
        self.overrides: dict[Any, Any] = {}
        self.changes = 0

    def add(self, provider: Provider) -> None:
        """Register a provider. Raises UsageError where another function makes the type already."""
        earlier = self._by_kind.get(provider.kind)
        if earlier is not None and _place(earlier.factory) != _place(provider.factory):
            message = f"{_show(provider.kind)} is made by {_place(earlier.factory)} already; {_OVERRIDE}"
            raise UsageError(message)
        self._by_kind[provider.kind] = provider
        self.changes += 1

    @contextmanager
    def override(self, kind: Any, value: Any) -> Iterator[None]:
        """Give ``value`` wherever ``kind`` is asked for, until the end of the block."""
        before = self.overrides
        self.overrides = {**before, kind: value}
        self.changes += 1
        try:
            yield
        finally:
            self.overrides = before
            self.changes += 1

    def plan(self, name: str, needs: Mapping[str, Any], *, threaded: bool) -> Plan:
        """What to make for each attempt of the task ``name``, in order.

        Raises ConfigError for a type that nobody makes, a circle, or a value of a worker that needs one of a job.
        """
        order: list[Provider] = []
        for parameter, kind in needs.items():
            self._visit(kind, f"parameter {parameter!r} of task {name!r}", order, [], None)
        of_jobs = [each for each in order if each.scope is Scope.JOB]
        on_loop = _loop_bound(of_jobs) if threaded else of_jobs
        return Plan(
            needs=dict(needs),
            kept=tuple(each.kind for each in order if each.scope is Scope.WORKER),
            on_loop=tuple(on_loop),
            here=tuple(each for each in of_jobs if each not in on_loop),
        )

    def kept_for(self, kinds: Iterable[Any]) -> list[Provider]:
        """The providers of ``kinds`` and of what they need, in the order to make them."""
        order: list[Provider] = []
        for kind in kinds:
            self._visit(kind, "a worker", order, [], None)
        return order

    def _visit(self, kind: Any, where: str, order: list[Provider], path: list[Any], user: Provider | None) -> None:
        if kind in self.overrides:
            return
        provider = _OF_THE_JOB if kind is JobContext else self._by_kind.get(kind)
        if provider is None:
            message = (
                f"{where} needs {_show(kind)}, which nothing provides. Write a function that answers one, and put "
                "@app.provider above it"
            )
            raise ConfigError(message)
        if user is not None and user.scope is Scope.WORKER and provider.scope is Scope.JOB:
            message = f"{where} needs {_show(kind)} of scope 'job', but lives as long as the worker"
            raise ConfigError(message)
        if kind in path:
            circle = " -> ".join(map(_show, [*path[path.index(kind) :], kind]))
            message = f"{where} cannot be provided: providers need each other in a circle: {circle}"
            raise ConfigError(message)
        if provider is _OF_THE_JOB or provider in order:
            return
        for parameter, needed in provider.needs.items():
            inner = f"{where}: parameter {parameter!r} of the provider of {_show(kind)}"
            self._visit(needed, inner, order, [*path, kind], provider)
        order.append(provider)


def _loop_bound(providers: list[Provider]) -> list[Provider]:
    """Those that need the event loop, and what they need: the rest can be made in the handler's thread."""
    wanted: set[Any] = set()
    for each in reversed(providers):
        if each.shape.is_async or each.kind in wanted:
            wanted.add(each.kind)
            wanted.update(each.needs.values())
    return [each for each in providers if each.kind in wanted]


def _place(function: Any) -> str:
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', repr(function))}"


def _show(kind: Any) -> str:
    return getattr(kind, "__qualname__", None) or str(kind)


_OVERRIDE = "in a test, put another in its place with app.override"
_OF_THE_JOB = Provider(kind=JobContext, factory=Injected, scope=Scope.JOB, shape=Shape.PLAIN, needs={})
"""What ``current_job()`` answers can be asked for by its type; it is not made but looked up."""
