"""The history of jobs that succeeded: a partition for each day, made ahead and dropped whole.

Deleting a million rows leaves a million dead ones to vacuum; dropping a table leaves nothing. So a job that succeeded
is kept until the day on which it ended is past its retention, at most a day longer than asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from headrace.backends.postgres.session import Session
from headrace.backends.postgres.verbs.tally import Tally
from headrace.model.queue import Retention

WIDTH = timedelta(days=1)
AHEAD = 3
"""Days that have their partition before they begin. Rows without one go to ``succeeded_other``, pruned one by one."""

_FORMAT = "succeeded_%Y%m%d"


async def make_ahead(session: Session, now: datetime) -> None:
    """Make the partitions of today and the next days, where they are missing."""
    today = midnight(now)
    present = await _present(session)
    for day in (today + number * WIDTH for number in range(AHEAD + 1)):
        if day not in present and not await session.rows("other_has", day, day + WIDTH):
            await session.rows("make_day", day)


async def drop_expired(session: Session, now: datetime, default: Retention, own: Mapping[str, Retention]) -> int:
    """Drop the days that every queue's retention is past. In a transaction. Answers how many jobs went with them."""
    cutoff = now - max([default.succeeded, *(each.succeeded for each in own.values())])
    dropped = 0
    for day in sorted(await _present(session)):
        if day + WIDTH <= cutoff and not await _holds_keys(session, day, now):
            dropped += await _drop(session, day)
    return dropped


async def _holds_keys(session: Session, day: datetime, now: datetime) -> bool:
    """Whether a job of the day still holds its unique key for a period: it is the only memory of that."""
    return bool((await session.rows("day_holds_keys", day, day + WIDTH, now))[0][0])


async def _drop(session: Session, day: datetime) -> int:
    tally, count = Tally(), 0
    for queue, n in await session.rows("count_day", day, day + WIDTH):
        tally.move(queue, "succeeded", None, n)
        count += n
    await session.rows("forget_day", day, day + WIDTH)
    await session.rows("drop_day", day)
    await tally.write(session)
    return count


def midnight(instant: datetime) -> datetime:
    """When the day of an instant began, which is also where the last one lies wholly before it."""
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


async def _present(session: Session) -> set[datetime]:
    days = set()
    for (name,) in await session.rows("partitions", f"{session.schema}.succeeded"):
        if name != "succeeded_other":
            days.add(datetime.strptime(name, _FORMAT).replace(tzinfo=UTC))
    return days
