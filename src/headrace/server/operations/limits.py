"""Limits: how many jobs of something run at once, and how many begin in a span of time."""

from __future__ import annotations

from typing import Any

from headrace.errors import ConfigError
from headrace.model.limits import LimitScope, LimitTarget
from headrace.server.auth import check_queue
from headrace.server.context import Context
from headrace.server.operation import operation
from headrace.server.operations.bulk import check_whole
from headrace.server.problems import Refused
from headrace.wire.base import Listed, given
from headrace.wire.limits import LimitOf, LimitRemoved, LimitView, SetLimit, limit_view
from headrace.wire.queues import Nothing
from headrace.wire.scopes import Scope

_WIDER = (LimitScope.STORE, LimitScope.TASK)


@operation("GET", "/v1/limits", scope=Scope.QUEUES_READ)
async def find(context: Context, request: Nothing) -> Listed[LimitView]:
    """Every limit: what it allows, what is in use of it, who holds it, who waits, and when the next token comes."""
    principal = context.principal
    return Listed(
        items=[
            limit_view(usage)
            for usage in await context.app.limits()
            if principal.queues is None or (usage.target.scope not in _WIDER and principal.may_in(usage.target.name))
        ]
    )


@operation("GET", "/v1/limits/usage", scope=Scope.QUEUES_READ, problems=(404,))
async def get(context: Context, request: LimitOf) -> LimitView:
    """How one limit stands. For a key that has none of its own, how the limit of each key stands for it."""
    target = _target(context, request.target)
    usage = await context.app.limit_usage(target)
    if usage is None:
        raise _missing(target)
    return limit_view(usage)


@operation("PUT", "/v1/limits", scope=Scope.QUEUES_WRITE, problems=(422,), name="limits.set")
async def put(context: Context, request: SetLimit) -> LimitView:
    """Limit something, over all workers, from the next claim on; what runs when a limit is lowered runs on."""
    target = _target(context, request.target)
    figures: dict[str, Any] = given(request, "concurrency", "rate")
    if not figures and target.scope is not LimitScope.KEY:
        raise ConfigError("give concurrency, rate, or both: nothing is to be changed")
    await context.app.limit(target, **figures)
    usage = await context.app.limit_usage(target)
    return _unlimited(target) if usage is None else limit_view(usage)


@operation("DELETE", "/v1/limits", scope=Scope.QUEUES_WRITE, problems=(422,))
async def remove(context: Context, request: LimitOf) -> LimitRemoved:
    """Take a limit away. A single key then comes under the limit of each key again."""
    target = _target(context, request.target)
    return LimitRemoved(target=str(target), removed=await context.app.remove_limit(target))


def _target(context: Context, text: str) -> LimitTarget:
    """What the caller means, if it is theirs: a limit of a task or of the store is about all queues."""
    try:
        target = LimitTarget.parse(text)
    except ConfigError as error:
        raise Refused(422, "HR-E0215", str(error), field="target", value=text) from None
    if target.scope in _WIDER:
        check_whole(context)
    else:
        check_queue(context.principal, target.name)
    return target


def _unlimited(target: LimitTarget) -> LimitView:
    name = str(target)
    return LimitView(
        target=name, set_for=name, concurrency=None, rate=None, in_use=0, waiting=0, tokens=None, next_token=None,
        holders=(),
    )  # fmt: skip


def _missing(target: LimitTarget) -> Refused:
    return Refused(
        404,
        "HR-E0303",
        f"nothing limits {target}",
        field="target",
        value=str(target),
        fix="GET /v1/limits lists the limits, and PUT /v1/limits sets one",
    )
