"""Commands over HTTP: where they would open an app on a store, they are given one that asks a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from headrace.app import Headrace

T = TypeVar("T")

SCHEMES = ("http://", "https://")


def is_remote(url: str) -> bool:
    """Whether the URL is that of a server, and not of a store."""
    return url.lower().startswith(SCHEMES)


def with_server(url: str, token: str | None, work: Callable[[Headrace], Awaitable[T]]) -> T:
    """Run ``work`` on an event loop of its own, with a stand-in for the app that asks the server at ``url``."""
    import asyncio

    from headrace.cli.remote.app import RemoteApp
    from headrace.client import AsyncClient

    async def main() -> T:
        async with AsyncClient(url, token=token) as client:
            # It has what commands ask of an app, and says so where it has not.
            return await work(cast("Headrace", RemoteApp(client)))

    return asyncio.run(main())
