"""Job events as a stream and in pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from headrace import Headrace
from headrace.server import Principal, Service, create_app, event_hub
from headrace.wire.scopes import Scope

PATIENCE_S = 10.0


class Stream:
    """A listener, as an ASGI server would have it: what was sent, event by event."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.gone = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()
        self.ended = asyncio.Event()
        self._blocks: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._text = ""

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            return
        if not message.get("more_body", False):
            self.ended.set()
        self._text += message["body"].decode()
        *blocks, self._text = self._text.split("\n\n")
        for block in blocks:
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            await self._blocks.put(fields)

    async def block(self) -> dict[str, str]:
        """The next block, also one that is no event."""
        return await self._blocks.get()

    async def next(self) -> dict[str, str]:
        """The next block that is an event."""
        async with asyncio.timeout(PATIENCE_S):
            while "event" not in (block := await self._blocks.get()):
                pass
            return block

    async def next_ids(self, count: int) -> list[tuple[int, str]]:
        found = [await self.next() for _ in range(count)]
        return [(int(each["id"]), each["event"]) for each in found]


def scope_of(query: str = "", **headers: str) -> dict[str, Any]:
    """What an ASGI server says of the request."""
    return {
        "type": "http",
        "method": "GET",
        "path": "/v1/events",
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }


@asynccontextmanager
async def listening(service: Service, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    """Listen within the block, from when the server has begun to answer."""
    stream = Stream()
    answering = asyncio.ensure_future(service(scope_of(query, **headers), stream.receive, stream.send))
    async with asyncio.timeout(PATIENCE_S):
        await stream._blocks.get()  # retry: ...
    try:
        yield stream
    finally:
        stream.gone.set()
        await answering


@pytest.fixture
def service(app: Headrace) -> Service:
    return create_app(app)


async def send(app: Headrace, count: int = 1, queue: str = "mail") -> list[str]:
    task = app.find_task("mail.send")
    return [job.id for job in await app.enqueue_many(task.options(queue=queue).call("ada") for _ in range(count))]


async def test_a_listener_is_told_of_jobs_as_they_change(app: Headrace, service: Service) -> None:
    async with app, listening(service) as stream:
        [job_id] = await send(app)
        await app.cancel([job_id])
        first, second = await stream.next(), await stream.next()
    assert stream.headers[b"content-type"] == b"text/event-stream"
    assert (first["id"], first["event"], second["event"]) == ("1", "job.enqueued", "job.cancelled")
    told = json.loads(second["data"])
    assert (told["job_id"], told["sequence"], told["state"], told["queue"]) == (job_id, 2, "cancelled", "mail")


async def test_listeners_are_told_what_they_asked_for(app: Headrace, service: Service) -> None:
    async with (
        app,
        listening(service, "queue=a,b&kind=cancelled") as some,
        listening(service, "kind=job.cancelled") as cancelled,
    ):
        ids = [(await send(app, queue=queue))[0] for queue in ("a", "c", "b")]
        await app.cancel(ids)
        assert [event for _, event in await cancelled.next_ids(3)] == ["job.cancelled"] * 3
        assert [json.loads((await some.next())["data"])["queue"] for _ in range(2)] == ["a", "b"]


async def test_who_comes_back_goes_on_where_it_was(app: Headrace, service: Service) -> None:
    async with app:
        await app.events.enable()
        await send(app, 3)
        async with listening(service, "after=2", last_event_id="1") as stream:
            assert [number for number, _ in await stream.next_ids(2)] == [2, 3]
            await send(app, 2)
            assert [number for number, _ in await stream.next_ids(2)] == [4, 5]
        async with listening(service, "after=4") as stream:
            assert [number for number, _ in await stream.next_ids(1)] == [5]


async def test_many_events_are_caught_up_with_in_order_while_others_come(app: Headrace, service: Service) -> None:
    async with app:
        await app.events.enable()
        await send(app, 2_500)
        async with listening(service, "after=0") as stream, listening(service):
            await send(app, 100)
            assert [number for number, _ in await stream.next_ids(2_600)] == list(range(1, 2_601))


async def test_what_happens_while_a_listener_catches_up_is_told_once(app: Headrace, service: Service) -> None:
    async with app, listening(service) as witness:
        await send(app, 3)
        await witness.next_ids(3)
        stream = Stream()
        stream.reads.clear()
        answering = asyncio.ensure_future(service(scope_of("after=1"), stream.receive, stream.send))
        async with asyncio.timeout(PATIENCE_S):
            while service.state.hub.listening < 2:
                await app.events.read(after=3, wait=timedelta(milliseconds=1))
        await send(app, 3)
        await witness.next_ids(3)  # by then they wait for both, and are in the journal as well
        stream.reads.set()
        await send(app, 1)
        assert [number for number, _ in await stream.next_ids(6)] == [2, 3, 4, 5, 6, 7]
        stream.gone.set()
        await answering


async def test_who_was_away_too_long_is_told_what_is_lost(app: Headrace, service: Service) -> None:
    async with app:
        await app.events.enable(keep_max=2)
        await send(app, 9)
        await app.backend.events.prune(limit=100)
        async with listening(service, "after=3") as stream:
            lost = await stream.next()
            assert (lost["event"], json.loads(lost["data"])) == ("lost", {"after": 3, "oldest": 8, "newest": 9})
            assert [number for number, _ in await stream.next_ids(2)] == [8, 9]


async def test_a_server_that_is_about_to_stop_ends_its_streams(app: Headrace, service: Service) -> None:
    async with app, listening(service) as stream:
        service.state.closing.set()
        async with asyncio.timeout(PATIENCE_S):
            await stream.ended.wait()
        assert service.state.hub.listening <= 1
    assert service.state.hub.listening == 0


async def test_a_silent_stream_says_that_it_lives_and_how_far_it_has_heard(
    app: Headrace, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_hub, "HEARTBEAT_S", 0.01)
    async with app, listening(service, "kind=dead") as stream:
        await send(app, 3)  # of which this listener hears nothing
        async with asyncio.timeout(PATIENCE_S):
            while (beat := await stream.block()).get("id") != "3":
                pass
        assert beat == {"": "still here", "id": "3"}  # an id without data: where to go on, and no event


async def test_a_caller_hears_of_its_queues_alone(app: Headrace) -> None:
    class Mailer:
        async def authenticate(self, headers: object) -> Principal:
            return Principal(name="mailer", scopes=frozenset({Scope.EVENTS_READ}), queues=("mail.*",))

    service = create_app(app, authenticator=Mailer())
    async with app, listening(service) as stream:
        await send(app, queue="secret")
        await send(app, queue="mail.eu")
        assert json.loads((await stream.next())["data"])["queue"] == "mail.eu"


async def test_events_are_read_in_pages(app: Headrace, client: httpx2.AsyncClient) -> None:
    await app.events.enable()
    await send(app, 3)
    page = (await client.get("/v1/events/page", params={"after": 1, "limit": 1, "task": "mail.send"})).json()
    assert ([each["sequence"] for each in page["items"]], page["last"], page["newest"]) == ([2], 2, 3)
    assert (await client.get("/v1/events/page", params={"after": 99, "wait": "10s"})).json()["lost"] is True
    beyond = await client.get("/v1/events/page", params={"after": 2**63})
    assert (beyond.status_code, beyond.json()["field"]) == (422, "after")
    waiting = asyncio.ensure_future(client.get("/v1/events/page", params={"after": 3, "wait": "10s"}))
    await asyncio.sleep(0)
    await send(app)
    assert [each["sequence"] for each in (await waiting).json()["items"]] == [4]


async def test_only_the_head_of_a_stream_can_be_asked_for(client: httpx2.AsyncClient) -> None:
    answer = await client.head("/v1/events")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("kind=deed", "'deed' is no kind of event"),
        ("after=-1", "after"),
        ("after=x", "after"),
        ("last_event_id=x", "id"),
    ],
)
async def test_what_cannot_be_is_refused(client: httpx2.AsyncClient, query: str, says: str) -> None:
    answer = await client.get(f"/v1/events?{query}")
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
