"""Limits as plain values, and as words."""

from __future__ import annotations

from typing import Any

from headrace.model.durations import format_duration
from headrace.model.limits import Limit, LimitUsage, format_rate
from headrace.model.queue import QueueSettings


def usage_view(usage: LimitUsage) -> dict[str, Any]:
    """A limit and how it stands, as plain values."""
    rate = usage.limit.rate
    return {
        "target": str(usage.target),
        "set_for": str(usage.limit.target),
        "concurrency": usage.limit.concurrency,
        "rate": None if rate is None else format_rate(rate),
        "in_use": usage.in_use,
        "waiting": usage.waiting,
        "tokens": usage.tokens,
        "next_token": usage.next_token,
        "holders": list(usage.holders),
    }


def figures(limit: Limit | None) -> str:
    """What a limit allows, in words."""
    if limit is None or limit.empty:
        return "no limit"
    parts = [] if limit.concurrency is None else [f"concurrency {limit.concurrency}"]
    return ", ".join(parts if limit.rate is None else [*parts, f"rate {format_rate(limit.rate)}"])


def queue_words(settings: QueueSettings, limit: Limit | None, keys: Limit | None) -> str:
    """What a queue has set, in words."""
    limits = ", ".join([figures(limit), *([] if keys is None else [f"keys: {figures(keys)}"])])
    orders = [word for word, given in (("fair", settings.fair), ("ordered", settings.ordered)) if given]
    if settings.ageing is not None:
        orders.append(f"ageing {format_duration(settings.ageing)}")
    return "; ".join([limits, *([", ".join(orders)] if orders else [])])
