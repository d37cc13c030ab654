"""Stores that must not be changed by mistake: what ``protected`` and ``read_only`` of a profile do."""

from __future__ import annotations

import sys

import click

from headrace.cli.faults import Exit, Fault
from headrace.cli.session import session
from headrace.cli.settings import configuration

READING = frozenset(
    {
        "check",
        "debug",
        "diff",
        "doctor",
        "explain",
        "export",
        "get",
        "grants",
        "history",
        "list",
        "logs",
        "next",
        "plan",
        "preview",
        "schema",
    }
    | {"scrape", "show", "stats", "status", "wait", "watch"}
)
"""Verbs that change nothing. A verb means one thing everywhere, and one that is not here is taken for a change."""


def guard(url: str) -> None:
    """Let a command go on, ask the person, or raise a fault, when it is about the profile's store."""
    found = configuration()
    ctx = click.get_current_context()
    verb = ctx.info_name or ""
    if url != found.profile_store or verb in READING or ctx.params.get("dry_run"):
        return
    if found.profile_settings.read_only:
        raise Fault(
            Exit.NOT_ALLOWED,
            "01",
            f"profile {found.profile!r} is read-only, and {verb} would change its store",
            fixes=["use another profile: headrace profile list", f"headrace profile show {found.profile}"],
        )
    if found.profile_settings.protected and not (session().yes or ctx.params.get("yes")):
        _ask(str(found.profile), verb)


def _ask(profile: str, verb: str) -> None:
    if session().ask and sys.stdin.isatty():
        prompt = f"Profile {profile!r} is protected, and {verb} changes its store. Type {profile} to go on"
        if click.prompt(prompt, default="", show_default=False, err=True) == profile:
            return
        raise click.Abort
    raise Fault(
        Exit.NOT_ALLOWED,
        "02",
        f"profile {profile!r} is protected, and {verb} would change its store",
        notes=["nobody can be asked here: stdin is no terminal, or --no-input was given"],
        fixes=["the same command with --yes"],
    )
