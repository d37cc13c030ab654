"""``headrace key``: the API keys of the HTTP service."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "create": Entry("headrace.cli.key.change:create", "make a key; its token is shown once"),
    "list": Entry("headrace.cli.key.read:list_keys", "every key: what it may do, and when it was used"),
    "get": Entry("headrace.cli.key.read:get", "one key"),
    "revoke": Entry("headrace.cli.key.change:revoke", "take keys back, within five seconds"),
}

command = LazyGroup(
    name="key",
    table=TABLE,
    aliases={"ls": "list", "show": "get", "rm": "revoke", "delete": "revoke"},
    no_args_is_help=True,
    help="""Make, list and revoke the API keys that callers of the HTTP service are told apart by.

    \b
    Examples:
      headrace key create shop --scope submit --queue 'mail.*'
      headrace key create keda --scope read --expires 90d
      headrace key revoke shop
    """,
)
