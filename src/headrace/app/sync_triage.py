"""``app.sync.triage``: what people say of groups of errors, for code without an event loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from headrace.app.triage import Triage
from headrace.model.errors import ErrorMark

if TYPE_CHECKING:
    from headrace.app.sync import SyncDesk

T = TypeVar("T")


class SyncTriage:
    """The methods of :class:`~headrace.app.triage.Triage`; each blocks its thread until it is done.

    >>> from headrace import Headrace
    >>> app = Headrace("memory://")
    >>> with app.sync as sync:
    ...     sync.triage.ignore("9f2b6a01c3d4", note="the test account")
    ...     [mark] = sync.triage.marks(["9f2b6a01c3d4"])
    ...     print(mark.marked, mark.note)
    ignored the test account
    """

    def __init__(self, desk: SyncDesk) -> None:
        self._desk = desk

    def resolve(self, fingerprint: str, *, note: str = "", author: str = "") -> None:
        """Say that it is mended as of now. See ``Triage.resolve``."""
        self._run(lambda triage: triage.resolve(fingerprint, note=note, author=author))

    def ignore(self, fingerprint: str, *, note: str = "", author: str = "") -> None:
        """Say that nobody needs to look at it. See ``Triage.ignore``."""
        self._run(lambda triage: triage.ignore(fingerprint, note=note, author=author))

    def reopen(self, fingerprint: str) -> None:
        """Take back what was said of it."""
        self._run(lambda triage: triage.reopen(fingerprint))

    def marks(self, fingerprints: Sequence[str]) -> list[ErrorMark | None]:
        """What was said of each; None for nothing."""
        return self._run(lambda triage: triage.marks(fingerprints))

    def _run(self, ask: Callable[[Triage], Coroutine[Any, Any, T]]) -> T:
        return self._desk.ask(lambda desk: ask(desk.triage))
