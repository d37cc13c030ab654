"""The store of this server."""

from __future__ import annotations

from collections import Counter

from headrace.model.job import JobState
from headrace.model.redaction import mask_url
from headrace.server.context import Context
from headrace.server.operation import operation
from headrace.wire.queues import Nothing
from headrace.wire.scopes import Scope
from headrace.wire.stores import StoreView


@operation("GET", "/v1/store", scope=Scope.STORES_READ)
async def get(context: Context, request: Nothing) -> StoreView:
    """Whether the store answers and how fast, facts about it, and how many jobs it holds."""
    backend = context.app.backend
    health = await backend.health()
    counts: Counter[JobState] = Counter()
    for count in await context.app.counts():
        counts[count.state] += count.count
    return StoreView(
        url=mask_url(backend.url),
        ok=health.ok,
        latency_s=health.latency.total_seconds(),
        facts=health.facts,
        problems=health.problems,
        counts=dict(counts),
        queues=len(await context.app.queues()),
        workers=len(await context.app.workers()),
    )
