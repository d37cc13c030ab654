"""Job ids as people give them: whole, a unique beginning, ``@last``, ``@failed``, or one a line on stdin."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from headrace.cli.faults import Exit, Fault, usage

if TYPE_CHECKING:
    from headrace.app import Headrace

PREFIX_MIN = 8
"""The first eight digits of an id are its minute; fewer would fit a whole day's jobs."""

LOOKED_AT_MAX = 20_000
"""Jobs gone through for a beginning. It names a moment, so the right ones are among the first."""

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PREFIX = re.compile(r"[0-9a-f]{8}[0-9a-f-]*")
_RECENT = re.compile(r"@(last|failed|-[1-9][0-9]{0,2})")
_SLACK = timedelta(hours=1)
_BLOCK = timedelta(milliseconds=1 << 16)


def read_ids(given: Sequence[str]) -> list[str]:
    """The ids of the command line; ``-`` stands for those on stdin. Raises a usage fault when there are none."""
    ids: list[str] = []
    for each in given:
        if each == "-":
            ids.extend(word for line in sys.stdin for word in line.split()[:1])
        else:
            ids.append(each)
    if not given:
        raise usage("no job id is given", code="30", notes=["name ids, or - to read them from stdin, one a line"])
    return ids


async def resolve_id(app: Headrace, given: str) -> str:
    """The whole id. Raises a fault when the text is no id, fits no job, or fits several.

    ``@last`` is the job that was enqueued last, ``@-2`` the one before it, ``@failed`` the newest dead one.
    """
    text = given.strip().lower()
    if _ID.fullmatch(text):
        return text
    if recent := _RECENT.fullmatch(text):
        return await _recent(app, given, recent.group(1))
    if not _PREFIX.fullmatch(text) or len(text) > 36:
        raise usage(
            f"{given!r} is no job id",
            code="31",
            word=given,
            notes=[
                "an id looks like 019a0b0c-0d0e-7123-bfff-ffffffffffff",
                f"its beginning is enough, from {PREFIX_MIN} letters on, where only one job has it",
                "@last is the newest job, @-2 the one before it, @failed the newest dead one",
            ],
            fixes=["headrace job list -o name"],
        )
    found = await _beginning_with(app, text)
    if not found:
        raise not_found(given)
    if len(found) > 1:
        raise usage(
            f"{len(found)} jobs begin with {given}",
            code="32",
            word=given,
            notes=[*found[:5], *(["..."] if len(found) > 5 else [])],
        )
    return found[0]


async def _recent(app: Headrace, given: str, which: str) -> str:
    back = int(which[1:]) if which.startswith("-") else 1
    page = await app.find(states=["dead"] if which == "failed" else [], limit=back)
    if len(page.items) < back:
        held = "no dead job" if which == "failed" else f"{len(page.items)} jobs"
        raise Fault(Exit.NOT_FOUND, "01", f"there is no {given}: the store holds {held}", word=given)
    return page.items[back - 1].id


async def _beginning_with(app: Headrace, prefix: str) -> list[str]:
    # The beginning of a UUIDv7 is when it was made, which is when the job was enqueued, give or take wrong clocks.
    begins = datetime.fromtimestamp((int(prefix[:8], 16) << 16) / 1000, UTC)
    found: list[str] = []
    cursor: str | None = None
    for _ in range(LOOKED_AT_MAX // 1000):
        page = await app.find(since=begins - _SLACK, until=begins + _BLOCK + _SLACK, cursor=cursor, limit=1000)
        found += [job.id for job in page.items if job.id.startswith(prefix)]
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


def not_found(job_id: str) -> Fault:
    """There is no such job."""
    return Fault(
        Exit.NOT_FOUND,
        "01",
        f"the store holds no job {job_id}",
        notes=["it was never enqueued here, or was deleted, or pruned after its retention"],
        word=job_id,
        fixes=["headrace job list --limit 10"],
    )
