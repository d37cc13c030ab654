"""The values that are alive: those of the worker, kept until it ends, and those of one attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import Any

from headrace.engine.context import JobContext
from headrace.engine.providers import Plan, Provider, Providers, Shape

Values = Mapping[Any, Any]


class Resources:
    """What the providers of one app have made in this process. Used on one event loop.

    Values of the worker are made at ``open``, or when a job first needs them, and ended by ``close``, last made first.
    """

    def __init__(self, providers: Providers) -> None:
        self._providers = providers
        self._ends: list[AsyncExitStack] = []
        self._kept: dict[Any, Any] = {}
        self._lock = asyncio.Lock()

    async def open(self, kinds: Iterable[Any]) -> None:
        """Make the values of the worker that are not there yet. What a factory raises is raised."""
        async with self._lock:
            for provider in self._providers.kept_for(kinds):
                if provider.kind not in self._kept:
                    values = {**self._kept, **self._providers.overrides}
                    end = AsyncExitStack()
                    self._kept[provider.kind] = await _make(provider, values, end)
                    self._ends.append(end)

    async def close(self) -> list[Exception]:
        """End the values of the worker, whether or not others could be ended. Answers what their factories raised.

        Safe without ``open``, and twice.
        """
        errors: list[Exception] = []
        async with self._lock:
            self._kept = {}
            while self._ends:
                try:
                    await self._ends.pop().aclose()
                except Exception as error:
                    errors.append(error)
        return errors

    @asynccontextmanager
    async def of_attempt(self, plan: Plan, context: Callable[[], JobContext]) -> Any:
        """The values of one attempt that are made on the event loop, over those of the worker, by type.

        What the body raises is raised in the factories that yield, as in a ``with`` block, so that they can roll back.
        One that swallows it does not hide it: the attempt has failed all the same.
        """
        if not all(kind in self._kept for kind in plan.kept):
            await self.open(plan.kept)
        async with AsyncExitStack() as stack:
            values = {**self._kept, JobContext: _Late(context), **self._providers.overrides}
            for provider in plan.on_loop:
                values[provider.kind] = await _make(provider, values, stack)
            failure: BaseException | None = None
            try:
                yield values
            except BaseException as error:
                failure = error
                raise
        if failure is not None:
            raise failure


class _Late:
    """The context of a job, made when a value asks for it."""

    def __init__(self, make: Callable[[], JobContext]) -> None:
        self.make = make


@contextmanager
def in_thread(plan: Plan, values: Values) -> Iterator[dict[str, Any]]:
    """The handler's arguments, with what is made in its own thread: a connection may belong to the thread it is of."""
    with ExitStack() as stack:
        known = dict(values)
        for provider in plan.here:
            made = _call(provider, known)
            known[provider.kind] = stack.enter_context(made) if provider.shape is Shape.GENERATOR else made
        failure: BaseException | None = None
        try:
            yield filled(plan, known)
        except BaseException as error:
            failure = error
            raise
    if failure is not None:
        raise failure


def filled(plan: Plan, values: Values) -> dict[str, Any]:
    """The handler's arguments, by parameter."""
    return {parameter: _look_up(values, kind) for parameter, kind in plan.needs.items()}


async def _make(provider: Provider, values: Values, stack: AsyncExitStack) -> Any:
    made = _call(provider, values)
    match provider.shape:
        case Shape.COROUTINE:
            return await made
        case Shape.GENERATOR:
            return stack.enter_context(made)
        case Shape.ASYNC_GENERATOR:
            return await stack.enter_async_context(made)
        case Shape.PLAIN:
            return made


def _call(provider: Provider, values: Values) -> Any:
    factory = provider.factory
    if provider.shape is Shape.GENERATOR:
        factory = contextmanager(factory)
    elif provider.shape is Shape.ASYNC_GENERATOR:
        factory = asynccontextmanager(factory)
    return factory(**{parameter: _look_up(values, kind) for parameter, kind in provider.needs.items()})


def _look_up(values: Values, kind: Any) -> Any:
    value = values[kind]
    return value.make() if isinstance(value, _Late) else value
