"""Limits: of the store, of queues, tasks and keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from headrace.model.limits import CONCURRENCY_MAX, LimitUsage, format_rate
from headrace.wire.base import Reply, Request
from headrace.wire.queues import RateText

TargetText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1_000,
        pattern="^[^\\x00]*$",
        description="What is limited: store, queue:QUEUE, task:TASK, keys:QUEUE for each of its keys, or "
        "key:QUEUE:KEY for one of them.",
        examples=["queue:mail", "task:mail.send", "key:mail:tenant-7"],
    ),
]


class LimitOf(Request, frozen=True, kw_only=True):
    """Which limit."""

    target: TargetText


class SetLimit(LimitOf, frozen=True, kw_only=True):
    """What a target is limited to; a figure that is left out stays, and null takes it away.

    A single key may be set without any: it then has no limit, whatever is set for each.
    """

    concurrency: Annotated[int, Meta(ge=0, le=CONCURRENCY_MAX)] | UnsetType | None = UNSET
    rate: RateText | UnsetType | None = UNSET


class LimitView(Reply, frozen=True, kw_only=True):
    """A limit and how it stands. ``set_for`` is another target where a key comes under the limit of each key.

    ``waiting`` counts queued jobs of the target, up to 10,000. ``holders`` are running jobs, up to ten.
    """

    target: str
    set_for: str
    concurrency: int | None
    rate: str | None
    in_use: int
    waiting: int
    tokens: int | None
    next_token: datetime | None
    holders: tuple[str, ...]


class LimitRemoved(Reply, frozen=True, kw_only=True):
    """Whether there was a limit to take away."""

    target: str
    removed: bool


def limit_view(usage: LimitUsage) -> LimitView:
    """A limit as it is shown."""
    limit = usage.limit
    return LimitView(
        target=str(usage.target),
        set_for=str(limit.target),
        concurrency=limit.concurrency,
        rate=None if limit.rate is None else format_rate(limit.rate),
        in_use=usage.in_use,
        waiting=usage.waiting,
        tokens=usage.tokens,
        next_token=usage.next_token,
        holders=usage.holders,
    )
