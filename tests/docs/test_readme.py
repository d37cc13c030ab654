"""What the README shows beyond its blocks: the web application answers, and the lines of the design run as written."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import headrace
from tests.docs.pages import ROOT, blocks_of
from tests.docs.runner import PageRun

DESIGN = """
from headrace import Headrace

app = Headrace("sqlite:///jobs.db")        # postgresql://...  redis://...  nats://...  memory://

@app.task(queue="mail", retry=Exponential(base=seconds(2), attempts=8), timeout=seconds(30))
async def greet(name: str) -> str:
    return f"Hello, {name}!"

async with app, app.worker(queues={"mail": 10}):
    job = await greet.enqueue("Ada")                     # JobHandle[str]; arguments are checked by the type checker
    print(await job.result(timeout=5))
"""


class AsgiServer:
    """As much of an ASGI server as one request needs."""

    def __init__(self, web: Any) -> None:
        self._web = web
        self._to_web: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_web: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def start(self) -> None:
        self._life = asyncio.create_task(self._web({"type": "lifespan"}, self._to_web.get, self._from_web.put))
        await self._to_web.put({"type": "lifespan.startup"})
        assert (await self._from_web.get())["type"] == "lifespan.startup.complete"

    async def request(self) -> tuple[int, bytes]:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._web({"type": "http", "method": "POST", "path": "/"}, self._to_web.get, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)

    async def stop(self) -> None:
        await self._to_web.put({"type": "lifespan.shutdown"})
        assert (await self._from_web.get())["type"] == "lifespan.shutdown.complete"
        await self._life


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    [block] = [block for block in blocks_of(ROOT / "README.md") if block.file == "web.py"]
    (tmp_path / "web.py").write_text(block.code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield import_module("web")
    del sys.modules["web"]


async def test_the_web_application_enqueues_in_a_request_and_a_worker_runs_the_job(web: Any) -> None:
    server = AsgiServer(web.web)
    await server.start()
    status, body = await server.request()
    assert status == 202
    async with web.app.worker(queues=["mail"]):
        assert await web.app.job(body.decode()).result(timeout=10) == "Welcome, Ada!"
    await server.stop()
    assert not web.app.is_open


def test_the_first_lines_of_the_design_run_as_written(tmp_path: Path) -> None:
    page = ROOT / "tests" / "docs" / "design.md"
    names = {name: getattr(headrace, name) for name in ("Exponential", "seconds")}
    assert PageRun(tmp_path, names).run_code(DESIGN, page) == "Hello, Ada!\n"
