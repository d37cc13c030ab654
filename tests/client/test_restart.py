"""A server that is stopped and started again, while clients go on."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from headrace.client import Client
from headrace.wire.events import EventView
from tests.server.live import LiveServer
from tests.transports.tasks import make_app

JOBS = 60
RETRIES = 12
"""Until the port is served again, on a slow machine too."""


def test_each_enqueue_is_stored_once_and_each_event_is_seen_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jobs.db"
    some_are_stored, stopped = threading.Event(), threading.Event()

    def submit(server: str) -> list[str]:
        ids = []
        with Client(server, retries=RETRIES) as client:
            for number in range(JOBS):
                job = client.enqueue("greet", f"Ada {number}")
                assert not job.duplicate
                ids.append(job.id)
                if number == JOBS // 3:
                    some_are_stored.set()
                if number == JOBS * 2 // 3:
                    assert stopped.wait(30)
        return ids

    def watch(server: str, after: int) -> list[EventView]:
        with Client(server, retries=RETRIES) as client:
            return list(islice(client.events.watch(task="greet", kind="enqueued", after=after), JOBS))

    with make_app(url).sync as desk:
        desk.events.enable()
    with ThreadPoolExecutor(2) as threads:
        with LiveServer(make_app(url)) as first:
            submitted = threads.submit(submit, first.url)
            watched = threads.submit(watch, first.url, 0)
            assert some_are_stored.wait(30)
        stopped.set()
        with LiveServer(make_app(url), port=first.port):
            ids = submitted.result(60)
            events = watched.result(60)

    with make_app(url).sync as desk:
        stored = [job.id for job in desk.find(limit=1_000).items]
    assert sorted(stored) == sorted(ids)
    assert [event.job_id for event in events] == ids
