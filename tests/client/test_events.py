"""Events over a connection that breaks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.client import Client
from headrace.client.core.events import EventReader
from headrace.errors import AccessDenied, EventsLost
from tests.client.conftest import Script, problem

PAGE = {"items": [], "last": 0, "lost": False, "oldest": 0, "newest": 4}


def frame(number: int) -> bytes:
    data = (
        f'{{"sequence":{number},"kind":"job.enqueued","at":"2026-01-01T00:00:00Z","job_id":"j","task":"greet",'
        '"queue":"mail","state":"queued","attempt":0,"tags":[]}'
    )
    return f"id: {number}\nevent: job.enqueued\ndata: {data}\n\n".encode()


class Broken(httpx2.SyncByteStream):
    """A body that ends as a connection does that is cut."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks
        raise httpx2.ReadError("cut")


def test_a_broken_stream_goes_on_after_the_last_event_and_none_is_missed_or_told_twice(
    client: Client, script: Script
) -> None:
    half = frame(6)[:30]
    script.answers = [
        httpx2.Response(200, json=PAGE),
        httpx2.Response(200, stream=Broken(b"retry: 1000\n\n", frame(5), half)),
        httpx2.ReadTimeout("silence"),
        httpx2.Response(503, text="the proxy is alone"),
        httpx2.Response(200, stream=Broken(b": alive\n\n", frame(6), frame(7))),
    ]
    seen = [event.sequence for event in islice(client.events.watch(queue="mail", task=["a", "b"]), 3)]

    assert seen == [5, 6, 7]
    streams = script.requests[1:]
    assert [request.headers["last-event-id"] for request in streams] == ["4", "5", "5", "5"]
    assert dict(streams[0].url.params) == {"kind": "", "queue": "mail", "task": "a,b", "job": "", "tag": ""}


def test_events_that_are_not_kept_any_more_are_told(client: Client, script: Script) -> None:
    lost = b'id: 40\nevent: lost\ndata: {"after":3,"oldest":41,"newest":90}\n\n'
    script.answers = [httpx2.Response(200, content=lost)]
    with pytest.raises(EventsLost) as caught:
        next(iter(client.events.watch(after=3)))
    assert caught.value.last == 40


def test_a_refused_stream_is_not_asked_for_again(client: Client, script: Script) -> None:
    script.answers = [problem(403, "HR-E0411", "this needs the scope events:read")]
    with pytest.raises(AccessDenied, match="events:read"):
        next(iter(client.events.watch(after=3)))


@given(st.data())
def test_events_are_the_same_however_their_bytes_are_cut(data: st.DataObject) -> None:
    whole = b"retry: 1000\n\n" + b"".join(map(frame, range(1, 6))) + b": alive\n\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    reader = EventReader(None)
    pieces = [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    assert [event.sequence for piece in pieces for event in reader.feed(piece)] == [1, 2, 3, 4, 5]
    assert reader.last == 5
