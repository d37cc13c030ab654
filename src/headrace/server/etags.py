"""Versions of jobs, for edits that must not undo somebody else's."""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec

from headrace.model.job import Job
from headrace.server.context import Context
from headrace.server.problems import Refused

LOCK_TTL = timedelta(seconds=10)
"""An edit takes milliseconds; a server that dies within one holds others up for this long."""

_TRY_EVERY_S = 0.02

_TAG = re.compile(r'(?P<weak>W/)?(?P<tag>"[\x21\x23-\x7e\x80-\xff]*")')
_LIST = re.compile(r'(?:W/)?"[^"]*"(?:[ \t]*(?:,[ \t]*)+(?:W/)?"[^"]*")*')


def etag_of(job: Job) -> str:
    """What is another once somebody, or a worker, has changed the job; progress does not count."""
    told = (
        job.queue,
        job.priority,
        job.state,
        job.attempt,
        job.claims,
        job.max_attempts,
        job.run_at,
        job.expires_at,
        job.tags,
        job.meta,
        job.cancel_requested,
        job.finished_at,
    )
    digest = hashlib.blake2b(msgspec.json.encode(told, order="deterministic"), digest_size=12)
    digest.update(job.payload)
    return f'"{digest.hexdigest()}"'


def tags_of(if_match: str) -> frozenset[str] | None:
    """The tags that a job may have, by RFC 9110, 13.1.1; None where any will do. A weak one never matches.

    Raises Refused with 422 for what is no list of entity tags.

    >>> sorted(tags_of('"a,b" , W/"c","d"')), tags_of("*")
    (['"a,b"', '"d"'], None)
    """
    text = if_match.strip()
    if text == "*":
        return None
    if not _LIST.fullmatch(text):
        raise Refused(
            422,
            "HR-E0281",
            "If-Match is * or a list of entity tags in double quotes",
            field="If-Match",
            value=if_match,
            fix='send the ETag as it was answered, its quotes included: If-Match: "019a0b0c"',
        )
    return frozenset(found["tag"] for found in _TAG.finditer(text) if not found["weak"])


@asynccontextmanager
async def unchanged(context: Context, job: Job, if_match: str | None) -> AsyncIterator[None]:
    """Within, the job is as ``if_match`` says, and no other request of this kind changes it. Without one it is free.

    Raises Refused with 412 where the job is another by now, and with 422 for what is no list of entity tags. The lock
    is the store's, so it holds over all servers.
    """
    wanted = None if if_match is None else tags_of(if_match)
    if wanted is None:
        yield
        return
    locks, name, owner = context.app.backend.locks, f"job:{job.id}", str(uuid.uuid4())
    async with asyncio.timeout(LOCK_TTL.total_seconds() * 2):
        # The lock may be held by another server, of which nothing can be heard but that.
        while (lock := await locks.acquire(name, owner=owner, ttl=LOCK_TTL)) is None:  # noqa: ASYNC110
            await asyncio.sleep(_TRY_EVERY_S)
    try:
        now = etag_of(await context.app.get(job.id))
        if now not in wanted:
            raise Refused(
                412,
                "HR-E0504",
                f"job {job.id} has changed since it was read",
                field="If-Match",
                value=if_match,
                fix="read it again, look at what has changed, and send the new ETag",
                headers={"etag": now},
            )
        yield
    finally:
        await locks.release(lock)
