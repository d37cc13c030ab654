"""Which store a command talks to, and talking to it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from headrace.cli.faults import Exit, Fault, usage
from headrace.cli.guard import guard
from headrace.cli.remote import is_remote, with_server
from headrace.cli.secrets import masked
from headrace.cli.session import session
from headrace.cli.settings import configuration, configured_store

if TYPE_CHECKING:
    from headrace.app import Headrace

T = TypeVar("T")

VARIABLE = "HEADRACE_STORE"
FILE_DEFAULT = "headrace.db"

store_option = click.option(
    "--store",
    "--url",
    "--server-url",
    "store",
    metavar="URL",
    help=f"Where the jobs live, such as sqlite:///jobs.db, or a server, such as http://127.0.0.1:8080. "
    f"Default: the setting store, {FILE_DEFAULT} here, or where the setting app has its jobs.",
)


def resolve_store(given: str | None, *, may_create: bool = False) -> str:
    """The URL to use: what ``find_store`` finds. Raises a fault where there is none.

    Only what stores new work may make a file: a mistyped name must not look like an empty store. Asks, or refuses,
    where the profile's store is protected and the command changes it.
    """
    url = find_store(given)
    if url is None:
        raise usage(
            "no store is given",
            code="02",
            notes=[f"there is no {FILE_DEFAULT} in this folder, and no file or {VARIABLE} names one"],
            fixes=[
                "add --store sqlite:///path/to/jobs.db",
                f"export {VARIABLE}=sqlite:////var/lib/jobs.db",
                "headrace config set store sqlite:////var/lib/jobs.db",
            ],
        )
    guard(url)
    scheme = url.partition("://")[0].lower()
    if scheme == "memory":
        raise usage(
            "memory:// lives inside one process, so another one cannot look into it",
            code="03",
            fixes=["use a file: --store sqlite:///jobs.db"],
        )
    if scheme == "sqlite" and not may_create:
        _check_file(url)
    return url


def find_store(given: str | None) -> str | None:
    """The URL given or configured, the file in this folder, or where the configured app has its jobs; else None.

    The app is imported only where nothing else names a store. Raises a fault where it cannot be.
    """
    url = given or configured_store()
    if url is None and os.path.exists(FILE_DEFAULT):
        return f"sqlite:///{FILE_DEFAULT}"
    if url is None and configuration().settings.app is not None:
        from headrace.cli.loading import load_named_app

        url = load_named_app(None)[1].url
        return None if url is None or url.startswith("memory:") else url
    return url


def _check_file(url: str) -> None:
    from headrace.backends.sqlite.location import parse_url

    path = parse_url(url).path
    if not path.exists():
        raise Fault(
            Exit.UNREACHABLE,
            "02",
            f"there is no file {path}",
            notes=[f"asked for by {masked(url)!r}; four slashes make a path absolute, three relative to this folder"],
            fixes=["headrace job enqueue and headrace worker make the file; other commands do not"],
        )


def with_store(url: str, work: Callable[[Headrace], Awaitable[T]]) -> T:
    """Run ``work`` with an app that is open on the store and knows no tasks, or asks the server that ``url`` names."""
    if is_remote(url):
        return with_server(url, _token(), work)
    from headrace.app import Headrace

    return with_app(Headrace(url), work)


def refuse_server(url: str, what: str) -> None:
    """Raise where ``url`` is a server's address: ``what`` is a thing that a command needs and servers do not offer."""
    if is_remote(url):
        from headrace.cli.remote.refusing import needs_a_store

        raise needs_a_store(what)


def with_app(app: Headrace, work: Callable[[Headrace], Awaitable[T]], *, at: str | None = None) -> T:
    """Run ``work`` on an event loop of its own with the app open, and close it.

    ``at`` is where the jobs live: a store that the app moves to, or a server, which is asked instead of the app.
    """
    import asyncio

    if at is not None and is_remote(at):
        return with_server(at, _token(), work)
    if at is not None:
        app.use_store(at)

    async def main() -> T:
        async with app:
            return await work(app)

    return asyncio.run(main())


def _token() -> str | None:
    """What a server is told."""
    return session().token or configuration().settings.token
