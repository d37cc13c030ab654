"""What an app says about the handlers' surroundings: providers, middleware, and what tests put in their place."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeVar, overload

from headrace.engine.middleware import Middleware, check_middleware
from headrace.engine.providers import Scope, make_provider
from headrace.engine.surroundings import Surroundings
from headrace.tasks.naming import MAIN, module_named

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=Middleware | type[Middleware])

ScopeWord = Literal["worker", "job"]


class Surrounding:
    """Declares, as decorators or by calls. Declare before the worker starts; what is wrong is said when it does."""

    def __init__(self) -> None:
        self._surroundings = Surroundings()

    @property
    def surroundings(self) -> Surroundings:
        """What was declared."""
        return self._surroundings

    def provide(self, kind: Any, factory: Callable[..., Any], *, scope: ScopeWord = "worker") -> None:
        """Have ``factory`` make the values of type ``kind`` for parameters marked with ``Inject``.

        ``factory`` is a function, plain or async, or a class; or a generator, plain or async, that yields the value
        once and then ends it. Its own parameters are filled in by type, too. ``scope`` ``"worker"`` keeps the value
        until the worker stops, one in each process; ``"job"`` makes one for each attempt. Values end in the reverse
        order of their making.
        """
        self._surroundings.providers.add(make_provider(factory, kind, scope))
        self._note_module(2)

    @overload
    def provider(self, factory: F, /) -> F: ...
    @overload
    def provider(self, *, scope: ScopeWord = "worker") -> Callable[[F], F]: ...
    def provider(self, *factory: Any, scope: str = Scope.WORKER) -> Any:
        """``provide`` as a decorator; the type is the one the function is annotated with.

        >>> from collections.abc import AsyncIterator
        >>> from headrace import Headrace
        >>> class Database: ...
        >>> app = Headrace("memory://")
        >>> @app.provider
        ... async def database() -> AsyncIterator[Database]:
        ...     yield Database()
        """
        self._note_module(2)

        def add(below: F) -> F:
            self._surroundings.providers.add(make_provider(below, scope=scope))
            return below

        return add(factory[0]) if factory else add

    def override(self, kind: Any, value: Any) -> AbstractContextManager[None]:
        """For tests: give ``value`` for ``kind`` to handlers that begin within the block, and ask no provider."""
        return self._surroundings.providers.override(kind, value)

    def middleware(self, given: M, /) -> M:
        """Put middleware around every enqueue and every run: a decorator for a class, or a call with an instance.

        The first that is registered is outermost. See :class:`~headrace.engine.middleware.Middleware`.
        """
        self._surroundings.middleware.append(check_middleware(given))
        self._note_module(2)
        return given

    def _note_module(self, depth: int) -> None:
        """Remember the module that declares something: a child process must import it before it runs a handler."""
        frame = inspect.currentframe()
        for _ in range(depth):
            frame = frame.f_back if frame is not None else None
        if frame is not None:
            self._surroundings.modules[module_named(frame.f_globals.get("__name__", MAIN))] = None
