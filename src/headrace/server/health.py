"""Whether the server lives, and whether it can do its work."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from headrace.server.http import respond
from headrace.server.routing import ByMethod
from headrace.server.state import ServerState

STORE_S_MAX = 2.0
"""A store that does not answer for as long is not there, whatever it does later. Probes come every few seconds."""


def health_routes(state: ServerState) -> list[Route]:
    """``/health/live``: the process answers. ``/health/ready``: it is not about to stop, and its store answers."""

    async def live(scope: Scope, receive: Receive, send: Send) -> None:
        await _tell(send, [])

    async def ready(scope: Scope, receive: Receive, send: Send) -> None:
        await _tell(send, await problems(state))

    return [
        Route("/health/live", ByMethod({"GET": live}), name="live"),
        Route("/health/ready", ByMethod({"GET": ready}), name="ready"),
    ]


async def problems(state: ServerState) -> list[str]:
    """What keeps the server from doing its work, for people; nothing when all is well."""
    if state.closing.is_set():
        return ["the server is about to stop"]
    try:
        async with asyncio.timeout(STORE_S_MAX):
            await state.open()
            health = await state.app.backend.health()
    except TimeoutError:
        return [f"the store did not answer within {STORE_S_MAX:g} s"]
    except Exception as error:  # whatever it is, the answer is that it is not ready
        return [f"the store cannot be opened: {error}"]
    return list(health.problems) if not health.ok else []


async def _tell(send: Send, found: list[str]) -> None:
    body = msgspec.json.encode({"ok": not found, "problems": found})
    await respond(send, 503 if found else 200, body, "application/json", {"cache-control": "no-store"})
