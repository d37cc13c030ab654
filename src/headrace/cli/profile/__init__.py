"""``headrace profile``: named sets of settings for the stores that one person works with."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.profile.read:list_", "the profiles, and which is in use"),
    "show": Entry("headrace.cli.profile.read:show", "what a profile says"),
    "use": Entry("headrace.cli.profile.change:use", "use a profile from now on; - goes back"),
    "create": Entry("headrace.cli.profile.change:create", "add a profile"),
    "delete": Entry("headrace.cli.profile.change:delete", "take a profile out"),
}

command = LazyGroup(
    name="profile",
    table=TABLE,
    aliases={"ls": "list", "get": "show"},
    no_args_is_help=True,
    help="""Name the stores you work with, and switch between them.

    A protected profile asks before a command changes its store; a read-only one refuses.

    \b
    Examples:
      headrace profile create prod --store sqlite:////var/lib/jobs.db --protected
      headrace profile list
    """,
)
