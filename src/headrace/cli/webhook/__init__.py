"""``headrace webhook``: endpoints that are told of job events."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.webhook.read:list_webhooks", "every webhook, and whether it is active"),
    "get": Entry("headrace.cli.webhook.read:get", "one of them"),
    "deliveries": Entry("headrace.cli.webhook.read:deliveries", "what was sent to it, the newest first"),
    "add": Entry("headrace.cli.webhook.change:add", "have job events sent to a URL"),
    "test": Entry("headrace.cli.webhook.change:test", "send a message now, and tell the answer"),
    "pause": Entry("headrace.cli.webhook.change:pause", "send nothing until it is resumed"),
    "resume": Entry("headrace.cli.webhook.change:resume", "send again, from now on"),
    "rotate": Entry("headrace.cli.webhook.change:rotate", "make a new secret; the old one is good for a while"),
    "remove": Entry("headrace.cli.webhook.change:remove", "forget a webhook"),
}

command = LazyGroup(
    name="webhook",
    table=TABLE,
    aliases={"ls": "list", "show": "get", "create": "add", "delete": "remove", "rm": "remove"},
    no_args_is_help=True,
    help="""Tell other systems of job events: signed messages over HTTP, sent again until they are taken.

    \b
    Examples:
      headrace webhook add https://example.com/hooks --kind dead --queue mail
      headrace webhook list
    """,
)
