"""Exchanges: recorded by ``python -m tests.wire.traffic`` once a release, and said again to the servers after it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2

from headrace._version import __version__
from headrace.server import create_app
from tests.wire.scenario import URL, make_app, talk

HERE = Path(__file__).parent
OF_REQUESTS = ("content-type", "idempotency-key", "if-match")
OF_ANSWERS = ("location", "idempotency-replayed", "content-type")

SAME = frozenset(
    {"state", "code", "kind", "status", "settled", "held", "changed", "duplicate", "dropped", "replaced", "order"}
    | {"outcome", "task", "queue", "args", "result", "priority", "attempt", "tags", "meta", "removed", "complete"}
)
"""What must be as it was, and not only of the same kind."""

NAMES = frozenset({"id", "token", "worker", "location", "correlation_id", "request_id", "etag", "next_cursor"})
"""What each server makes up, and is told again by its clients."""

Exchange = dict[str, Any]


class Recorder(httpx2.AsyncBaseTransport):
    """Hands requests on, and keeps them with their answers."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.exchanges: list[Exchange] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as the one inside does."""
        response = await self._inner.handle_async_request(request)
        content = await response.aread()
        self.exchanges.append(
            {
                "method": request.method,
                "path": request.url.raw_path.decode(),
                "headers": {name: request.headers[name] for name in OF_REQUESTS if name in request.headers},
                "body": json.loads(await request.aread() or b"null"),
                "status": response.status_code,
                "told": {name: response.headers[name] for name in OF_ANSWERS if name in response.headers},
                "answer": json.loads(content or b"null"),
            }
        )
        headers = {name: value for name, value in response.headers.items() if name != "content-encoding"}
        return httpx2.Response(response.status_code, headers=headers, content=content)


async def record() -> list[Exchange]:
    """What client and server of today say."""
    app = make_app()
    async with app:
        recorder = Recorder(httpx2.ASGITransport(create_app(app)))
        await talk(recorder)
    return recorder.exchanges


async def replay(exchanges: list[Exchange]) -> list[str]:
    """Say everything again to the server of today; what is not as it was, each with its place."""
    app, known, found = make_app(), dict[str, str](), list[str]()
    transport = httpx2.ASGITransport(create_app(app))
    async with app, httpx2.AsyncClient(base_url=URL, transport=transport) as client:
        for number, each in enumerate(exchanges):
            body = None if each["body"] is None else _renamed(json.dumps(each["body"]), known)
            answer = await client.request(
                each["method"], _renamed(each["path"], known), content=body, headers=each["headers"]
            )
            told = {"status": each["status"], "told": each["told"], "answer": each["answer"]}
            tells = {
                "status": answer.status_code,
                "told": {name: answer.headers.get(name) for name in OF_ANSWERS},
                "answer": json.loads(answer.content or b"null"),
            }
            found += [f"{number} {each['method']} {each['path']}{where}" for where in misfits(told, tells)]
            known |= dict(_made_up(told, tells))
    return found


def misfits(told: Any, tells: Any, path: str = "", name: str = "") -> Iterator[str]:
    """Where an answer does not serve a reader of the one that was recorded: it may have more, and nothing less.

    >>> list(misfits({"id": "a", "state": "queued"}, {"id": "b", "state": "dead", "new": 1}))
    ["/state: 'queued' is 'dead'"]
    >>> list(misfits({"at": "now", "n": 1}, {"n": "1"}))
    ["/at: 'now' is None", "/n: 1 is '1'"]
    """
    if isinstance(told, Mapping) and isinstance(tells, Mapping) and name not in SAME:
        for key, value in told.items():
            yield from misfits(value, tells.get(key), f"{path}/{key}", key)
    elif isinstance(told, list) and isinstance(tells, list) and name not in SAME and len(told) == len(tells):
        for number, (one, other) in enumerate(zip(told, tells, strict=True)):
            yield from misfits(one, other, f"{path}/{number}", name)
    elif told != tells and (name in SAME or _kind(told) is not _kind(tells)):
        yield f"{path}: {told!r} is {tells!r}"


def _kind(value: Any) -> type:
    return float if type(value) is int else type(value)


def _made_up(told: Any, tells: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The names that this server has for what the other one named."""
    if isinstance(told, Mapping) and isinstance(tells, Mapping):
        for key, value in told.items():
            yield from _made_up(value, tells.get(key), key)
    elif isinstance(told, list) and isinstance(tells, list):
        for one, other in zip(told, tells, strict=False):
            yield from _made_up(one, other, name)
    elif name in NAMES and isinstance(told, str) and isinstance(tells, str):
        yield told, tells


def _renamed(text: str, known: Mapping[str, str]) -> str:
    for name in sorted(known, key=len, reverse=True):
        text = text.replace(name, known[name])
    return text


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(each) for each in asyncio.run(record()))
    (HERE / f"http-{__version__}.json").write_text(f"[\n{lines}\n]\n", "utf-8")
