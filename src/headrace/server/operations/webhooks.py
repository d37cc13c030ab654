"""Webhooks: endpoints that are told of job events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.app.webhooks.networks import AddressRefused
from headrace.app.webhooks.sending import DeliveryError
from headrace.model.webhook import Webhook
from headrace.server.auth import check_queue
from headrace.server.context import Context
from headrace.server.operation import Answer, operation
from headrace.server.problems import Refused
from headrace.wire.base import Listed, PageOf, duration
from headrace.wire.scopes import Scope
from headrace.wire.webhooks import (
    AddWebhook,
    DeliveryView,
    GetWebhook,
    ListDeliveries,
    ListWebhooks,
    NewWebhook,
    PauseWebhook,
    RotateWebhook,
    WebhookAnswer,
    WebhookView,
    delivery_view,
    webhook_fields,
)


def _added(reply: NewWebhook) -> Answer:
    return Answer(201, {"location": f"/v1/webhooks/{reply.id}"})


@operation(
    "POST",
    "/v1/webhooks",
    scope=Scope.WEBHOOKS_WRITE,
    statuses={201: "The webhook is stored."},
    problems=(422, 501),
    answer=_added,
)
async def add(context: Context, request: AddWebhook) -> NewWebhook:
    """Have job events sent to a URL, from now on.

    A running worker sends them, signed by the rules of Standard Webhooks, and again until they are taken. The secret is
    in this answer and in no other. A caller with queues of its own names some of them.
    """
    _check_queues(context, request.queues)
    webhook = await context.app.webhooks.add(
        request.url,
        kind=request.kinds,
        queue=request.queues,
        task=request.tasks,
        tag=request.tags,
        secret=request.secret,
        description=request.description,
    )
    return _with_secret(webhook)


@operation("GET", "/v1/webhooks", scope=Scope.WEBHOOKS_READ)
async def list_all(context: Context, request: ListWebhooks) -> Listed[WebhookView]:
    """Every webhook of the caller's queues, the oldest first."""
    found = [webhook for webhook in await context.app.webhooks.list() if _may_see(context, webhook.wanted.queues)]
    return Listed(items=[_view(webhook) for webhook in found])


@operation("GET", "/v1/webhooks/{id}", scope=Scope.WEBHOOKS_READ, problems=(404,))
async def get(context: Context, request: GetWebhook) -> WebhookView:
    """A webhook, without its secret."""
    return _view(await _webhook_of(context, request.id))


@operation("DELETE", "/v1/webhooks/{id}", scope=Scope.WEBHOOKS_WRITE, problems=(404,))
async def remove(context: Context, request: GetWebhook) -> WebhookView:
    """Forget a webhook.

    Its deliveries that have not ended are cancelled when their turn comes.
    """
    webhook = await _webhook_of(context, request.id)
    await context.app.webhooks.remove(webhook.id)
    return _view(webhook)


@operation("POST", "/v1/webhooks/{id}/pause", scope=Scope.WEBHOOKS_WRITE, problems=(404,))
async def pause(context: Context, request: PauseWebhook) -> WebhookView:
    """Send nothing until it is resumed.

    What happens meanwhile is not sent later; deliveries under way wait.
    """
    await _webhook_of(context, request.id)
    return _view(await context.app.webhooks.pause(request.id, reason=request.reason))


@operation("POST", "/v1/webhooks/{id}/resume", scope=Scope.WEBHOOKS_WRITE, problems=(404,))
async def resume(context: Context, request: GetWebhook) -> WebhookView:
    """Send again, from now on."""
    await _webhook_of(context, request.id)
    return _view(await context.app.webhooks.resume(request.id))


@operation("POST", "/v1/webhooks/{id}/rotate", scope=Scope.WEBHOOKS_WRITE, problems=(404, 422))
async def rotate(context: Context, request: RotateWebhook) -> NewWebhook:
    """Make a new secret, which is in this answer and in no other."""
    await _webhook_of(context, request.id)
    overlap = duration("overlap", request.overlap)
    webhooks = context.app.webhooks
    if overlap is None:
        return _with_secret(await webhooks.rotate(request.id))
    return _with_secret(await webhooks.rotate(request.id, overlap=overlap))


@operation("POST", "/v1/webhooks/{id}/test", scope=Scope.WEBHOOKS_WRITE, problems=(404, 422, 502))
async def test(context: Context, request: GetWebhook) -> WebhookAnswer:
    """Send a message of type webhook.test now, and tell what the receiver answers."""
    webhook = await _webhook_of(context, request.id)
    try:
        status = await context.app.webhooks.test(webhook.id)
    except AddressRefused as error:
        raise Refused(422, "HR-E0921", str(error), field="url") from None
    except DeliveryError as error:
        raise Refused(502, "HR-E0921", str(error), field="url") from None
    return WebhookAnswer(status=status, taken=200 <= status < 300)


@operation("GET", "/v1/webhooks/{id}/deliveries", scope=Scope.WEBHOOKS_READ, problems=(404, 422))
async def deliveries(context: Context, request: ListDeliveries) -> PageOf[DeliveryView]:
    """What was sent to a webhook, and is to be sent, the newest first."""
    webhook = await _webhook_of(context, request.id)
    page = await context.app.webhooks.deliveries(webhook.id, cursor=request.cursor, limit=request.limit)
    items = [delivery_view(webhook.id, job) for job in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor, complete=page.complete)


async def _webhook_of(context: Context, webhook_id: str) -> Webhook:
    """The webhook, if it is about queues of the caller. Raises UnknownWebhook, and Refused."""
    webhook = await context.app.webhooks.get(webhook_id)
    _check_queues(context, webhook.wanted.queues)
    return webhook


def _check_queues(context: Context, queues: Sequence[str]) -> None:
    """A webhook of all queues is one of other people's queues, too."""
    if context.principal.queues is None:
        return
    if not queues:
        detail = f"{context.principal.name} has queues of its own, and this webhook is about all: name some of them"
        raise Refused(403, "HR-E0412", detail, field="queues")
    for queue in queues:
        check_queue(context.principal, queue)


def _may_see(context: Context, queues: Sequence[str]) -> bool:
    principal = context.principal
    return principal.queues is None or (bool(queues) and all(map(principal.may_in, queues)))


def _view(webhook: Webhook) -> WebhookView:
    fields: dict[str, Any] = webhook_fields(webhook)
    return WebhookView(**fields)


def _with_secret(webhook: Webhook) -> NewWebhook:
    fields: dict[str, Any] = webhook_fields(webhook)
    return NewWebhook(**fields, secret=webhook.secret)
