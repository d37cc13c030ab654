"""What people say of groups of errors: this one is mended, that one is known and nobody needs to look at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from headrace.model.errors import ErrorMark, Marked
from headrace.storage.kv import Put

if TYPE_CHECKING:
    from headrace.app.operations import Operations

BUCKET = "error-marks"


class Triage:
    """``app.triage``: marks on groups of errors, by their fingerprints. Jobs are not changed.

    A resolved group in which a job fails later has regressed: see :func:`~headrace.model.errors.status_of`.

    >>> import asyncio
    >>> from headrace import Headrace
    >>> app = Headrace("memory://")
    >>> async def main() -> None:
    ...     async with app:
    ...         await app.triage.ignore("9f2b6a01c3d4", note="the test account")
    ...         [mark] = await app.triage.marks(["9f2b6a01c3d4"])
    ...         print(mark.marked, mark.note)
    >>> asyncio.run(main())
    ignored the test account
    """

    def __init__(self, desk: Operations) -> None:
        self._desk = desk

    async def resolve(self, fingerprint: str, *, note: str = "", author: str = "") -> None:
        """Say that it is mended as of now. What fails so from now on has regressed."""
        await self._mark(fingerprint, Marked.RESOLVED, note, author)

    async def ignore(self, fingerprint: str, *, note: str = "", author: str = "") -> None:
        """Say that nobody needs to look at it, also when more jobs fail so."""
        await self._mark(fingerprint, Marked.IGNORED, note, author)

    async def reopen(self, fingerprint: str) -> None:
        """Take back what was said of it."""
        await self._desk.backend.kv.put_many(BUCKET, [Put(key=fingerprint, value=None)])

    async def marks(self, fingerprints: Sequence[str]) -> list[ErrorMark | None]:
        """What was said of each; None for nothing."""
        entries = await self._desk.backend.kv.get_many(BUCKET, list(fingerprints)) if fingerprints else []
        return [None if entry is None else msgspec.json.decode(entry.value, type=ErrorMark) for entry in entries]

    async def _mark(self, fingerprint: str, marked: Marked, note: str, author: str) -> None:
        mark = ErrorMark(marked=marked, note=note, author=author, at=self._desk.backend.clock.now())
        await self._desk.backend.kv.put_many(BUCKET, [Put(key=fingerprint, value=msgspec.json.encode(mark))])
