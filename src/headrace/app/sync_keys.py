"""``app.sync.keys``: the API keys of the HTTP service, for code without an event loop."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from headrace.app.keys import ApiKey, Keys, MadeKey

if TYPE_CHECKING:
    from headrace.app.sync import SyncDesk

T = TypeVar("T")


class SyncKeys:
    """The methods of :class:`~headrace.app.keys.Keys`; each blocks its thread until it is done.

    >>> from headrace import Headrace
    >>> app = Headrace("memory://")
    >>> with app.sync as sync:
    ...     made = sync.keys.create("shop", scopes=["submit"])
    ...     print([key.name for key in sync.keys.list()])
    ['shop']
    """

    def __init__(self, desk: SyncDesk) -> None:
        self._desk = desk

    def create(
        self,
        name: str,
        *,
        scopes: Iterable[str],
        queues: Iterable[str] | None = None,
        expires_in: timedelta | None = None,
        author: str = "",
    ) -> MadeKey:
        """Make a key. See ``Keys.create``."""
        return self._run(
            lambda keys: keys.create(name, scopes=scopes, queues=queues, expires_in=expires_in, author=author)
        )

    def list(self) -> builtins.list[ApiKey]:
        """Every key, the newest first."""
        return self._run(lambda keys: keys.list())

    def get(self, key: str) -> ApiKey:
        """The key of that id, name or token. See ``Keys.get``."""
        return self._run(lambda keys: keys.get(key))

    def revoke(self, key: str, *, author: str = "") -> ApiKey:
        """Take a key back. See ``Keys.revoke``."""
        return self._run(lambda keys: keys.revoke(key, author=author))

    def last_used(self) -> dict[str, datetime]:
        """When keys were used, by their ids. See ``Keys.last_used``."""
        return self._run(lambda keys: keys.last_used())

    def note_use(self, key_id: str) -> None:
        """Note that a key is used now."""
        self._run(lambda keys: keys.note_use(key_id))

    def _run(self, ask: Callable[[Keys], Coroutine[Any, Any, T]]) -> T:
        return self._desk.ask(lambda desk: ask(desk.keys))
