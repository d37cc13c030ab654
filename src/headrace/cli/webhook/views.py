"""How webhooks are shown: never with their secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from headrace.cli.durations import rfc3339
from headrace.cli.secrets import masked

if TYPE_CHECKING:
    from headrace.model.webhook import Webhook


def webhook_view(webhook: Webhook) -> dict[str, Any]:
    """A webhook as data."""
    wanted = webhook.wanted
    return {
        "id": webhook.id,
        "url": masked(webhook.url),
        "active": webhook.active,
        "reason": webhook.reason,
        "kinds": [kind.value for kind in wanted.kinds],
        "queues": list(wanted.queues),
        "tasks": list(wanted.tasks),
        "tags": list(wanted.tags),
        "description": webhook.description,
        "created_at": webhook.created_at,
        "previous_secret_until": webhook.previous_until,
    }


def webhook_lines(view: Mapping[str, Any]) -> Iterator[str]:
    """A webhook for people."""
    yield f"{view['id']}  {view['url']}"
    yield f"State      {state_of(view)}"
    for label, name in (("Kinds", "kinds"), ("Queues", "queues"), ("Tasks", "tasks"), ("Tags", "tags")):
        yield f"{label:<11}{', '.join(view[name]) or 'all'}"
    if view["description"]:
        yield f"About      {view['description']}"
    yield f"Made       {rfc3339(view['created_at'])}"
    if view["previous_secret_until"]:
        yield f"Secrets    two, until {rfc3339(view['previous_secret_until'])}"


def state_of(view: Mapping[str, Any]) -> str:
    """Whether it is active, and why not."""
    if view["active"]:
        return "active"
    return f"paused: {view['reason']}" if view["reason"] else "paused"
