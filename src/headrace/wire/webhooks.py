"""Webhooks: endpoints that are told of job events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from headrace.model.event import EventKind
from headrace.model.job import Job
from headrace.model.page import PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX
from headrace.model.webhook import Webhook
from headrace.wire.base import Duration, Name, Reply, Request, Text

WebhookId = Annotated[str, Meta(min_length=1, max_length=64, description="The id of a webhook, such as wh-019a0b0c.")]
Kinds = Annotated[list[EventKind], Meta(max_length=50)]
Names = Annotated[list[Name], Meta(max_length=100)]


class AddWebhook(Request, frozen=True, kw_only=True):
    """An endpoint, and the events it is to be told of; an empty list is all. Without a secret, one is made."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    kinds: Kinds = field(default_factory=list)
    queues: Names = field(default_factory=list)
    tasks: Names = field(default_factory=list)
    tags: Names = field(default_factory=list)
    secret: str | None = None
    description: Text = ""


class ListWebhooks(Request, frozen=True, kw_only=True):
    """Every webhook."""


class GetWebhook(Request, frozen=True, kw_only=True):
    """One webhook."""

    id: WebhookId


class PauseWebhook(GetWebhook, frozen=True, kw_only=True):
    """A webhook to which nothing is to be sent."""

    reason: Text = ""


class RotateWebhook(GetWebhook, frozen=True, kw_only=True):
    """A webhook that gets a new secret; messages are signed with the old one as well for ``overlap``, or 24 hours."""

    overlap: Duration | UnsetType = UNSET


class ListDeliveries(GetWebhook, frozen=True, kw_only=True):
    """What was sent to a webhook."""

    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT_MAX)] = PAGE_LIMIT_DEFAULT


class WebhookView(Reply, frozen=True, kw_only=True):
    """A webhook, without its secret."""

    id: str
    url: str
    active: bool
    reason: str | None
    kinds: tuple[EventKind, ...]
    queues: tuple[str, ...]
    tasks: tuple[str, ...]
    tags: tuple[str, ...]
    description: str
    created_at: datetime
    previous_secret_until: datetime | None


class NewWebhook(WebhookView, frozen=True, kw_only=True):
    """A webhook with its new secret, which is shown this once."""

    secret: str


class WebhookAnswer(Reply, frozen=True, kw_only=True):
    """What the receiver answered to a test."""

    status: int
    taken: bool


class DeliveryView(Reply, frozen=True, kw_only=True):
    """A delivery, which is a job: /v1/jobs/{id} tells all of it."""

    id: str
    kind: str | None
    state: str
    attempt: int
    max_attempts: int
    enqueued_at: datetime
    finished_at: datetime | None
    error: str | None
    reason: str | None


def webhook_fields(webhook: Webhook) -> dict[str, object]:
    """What is shown of a webhook."""
    wanted = webhook.wanted
    return {
        "id": webhook.id,
        "url": webhook.url,
        "active": webhook.active,
        "reason": webhook.reason,
        "kinds": wanted.kinds,
        "queues": wanted.queues,
        "tasks": wanted.tasks,
        "tags": wanted.tags,
        "description": webhook.description,
        "created_at": webhook.created_at,
        "previous_secret_until": webhook.previous_until,
    }


def delivery_view(webhook_id: str, job: Job) -> DeliveryView:
    """A delivery as it is shown."""
    return DeliveryView(
        id=job.id,
        kind=next((tag for tag in job.tags if tag != webhook_id), None),
        state=job.state.value,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        enqueued_at=job.enqueued_at,
        finished_at=job.finished_at,
        error=None if job.error is None else job.error.message,
        reason=job.reason,
    )
