"""What holds for a whole command line: the options that may stand at any command."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, TextIO
from weakref import WeakSet

import click

_META = "headrace.session"
_COMPLETED: WeakSet[click.Command] = WeakSet()


@dataclass(slots=True)
class Session:
    """The global options. Commands ask for them by ``session()`` and do not declare them.

    zone: where times for people are; None shows them relative to now. ``zone_typed`` is what ``--tz`` said.
    """

    quiet: bool = False
    verbose: int = 0
    yes: bool = False
    ask: bool = True
    color: str = "auto"
    zone: tzinfo | None = None
    zone_typed: str | None = None
    profile: str | None = None
    token: str | None = None
    config: str | None = None

    def set_zone(self, name: str, source: str) -> None:
        """Show times there from now on. Raises a fault that names ``source`` and the near zones."""
        from zoneinfo import ZoneInfo, available_timezones

        from headrace.cli.faults import did_you_mean, usage

        self.zone_typed = name if source == "--tz" else None
        try:
            self.zone = ZoneInfo(name)
        except (OSError, ValueError, KeyError):  # a KeyError says that there is none of that name
            near = did_you_mean(name, sorted(available_timezones()), what="zones")
            shown = near if near[0].startswith("did") else ["zones are named as in Europe/Paris"]
            raise usage(f"{source}: no time zone {name!r}", code="53", word=name, notes=shown) from None


def session() -> Session:
    """The session of the command that runs; outside of one, the defaults."""
    ctx = click.get_current_context(silent=True)
    return Session() if ctx is None else _of(ctx)


def _of(ctx: click.Context) -> Session:
    found = ctx.meta.setdefault(_META, Session())
    assert isinstance(found, Session)
    return found


def wants_color(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream: by ``--color``, ``NO_COLOR``, ``CLICOLOR_FORCE``, and the terminal.

    See https://no-color.org and https://bixense.com/clicolors.
    """
    choice = session().color
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return stream.isatty()


def global_options(*, hidden: bool) -> list[click.Option]:
    """New options for a command; shown in the help of the root, understood by every command."""

    def option(*names: str, then: Callable[[Session, Any], None], help: str, **settings: Any) -> click.Option:  # noqa: A002 (Click's word)
        def remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
            if value not in (None, False, 0):
                then(_of(ctx), value)

        return click.Option(names, expose_value=False, hidden=hidden, callback=remember, help=help, **settings)

    return [
        option(
            "--config",
            metavar="FILE",
            then=_set("config"),
            help="Read this file, not the nearest headrace.toml. [HEADRACE_CONFIG]",
        ),
        option(
            "--profile",
            metavar="NAME",
            then=_set("profile"),
            help="Use this profile of your own configuration.",
        ),
        option(
            "--token",
            "--api-key",
            metavar="TOKEN",
            then=_set("token"),
            help="What a server is told, where the store is one. [HEADRACE_TOKEN, which other users cannot see]",
        ),
        option("--utc", is_flag=True, then=_set_utc, help="Show times as instants in UTC, not relative to now."),
        option("--tz", metavar="ZONE", then=_set_zone, help="Show times as instants there, such as Europe/Paris."),
        option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            then=_set("color"),
            help="Colour the output. [auto: on a terminal]",
        ),
        option("-q", "--quiet", is_flag=True, then=_set("quiet"), help="Leave out notes; print the answer only."),
        option("-v", "--verbose", count=True, then=_set("verbose"), help="Say which settings hold; twice: log too."),
        option("-y", "--yes", is_flag=True, then=_set("yes"), help="Do not ask for confirmation."),
        option("--no-input", is_flag=True, then=_set_no_input, help="Never ask; end with an error instead."),
        option("--debug", is_flag=True, then=_nothing, help="Show the traceback of an error."),
    ]


def add_global_options(command: click.Command) -> None:
    """Let a command understand the global options, but those that it has under the same name for itself."""
    if command in _COMPLETED:
        return
    _COMPLETED.add(command)
    taken = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    for each in global_options(hidden=True):
        free = [name for name in each.opts if name not in taken]
        if not taken & {name for name in each.opts if name.startswith("--")}:
            each.opts = free
            command.params.append(each)


def _set(field: str) -> Callable[[Session, Any], None]:
    return lambda session, value: setattr(session, field, value)


def _nothing(session: Session, value: Any) -> None:
    """The root takes ``--debug`` out of the command line before it is parsed; here it is only for the help."""


def _set_utc(session: Session, value: Any) -> None:
    session.zone = UTC


def _set_no_input(session: Session, value: Any) -> None:
    session.ask = False


def _set_zone(session: Session, value: str) -> None:
    session.set_zone(value, "--tz")
