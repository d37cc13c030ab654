"""Signals reach other backends on the same file, as they do other processes."""

import asyncio
from pathlib import Path

from headrace.backends.sqlite import SqliteBackend
from headrace.backends.sqlite.signals import DATAGRAM_MAX
from headrace.storage.signals import DONE, WORK, topic
from headrace.testing.conformance.builders import job


async def test_an_enqueue_wakes_a_subscriber_of_another_backend(backend: SqliteBackend) -> None:
    other = backend.sibling()
    await other.open()
    async with asyncio.timeout(10), other.signals.subscribe([WORK]) as topics:
        await backend.jobs.enqueue_many([job(queue="mail")])
        assert await anext(topics) == topic(WORK, "mail")
    await other.close()


async def test_a_commit_that_nobody_signalled_is_noticed(backend: SqliteBackend) -> None:
    async with asyncio.timeout(10), backend.signals.subscribe([WORK]) as topics:
        silent = backend.sibling()
        await silent.open()
        silent.signals.close()
        # The first look at the file only takes note of where it stands, so the change must come after it.
        while True:
            await silent.jobs.enqueue_many([job()])
            try:
                async with asyncio.timeout(1):
                    assert await anext(topics) == topic(WORK, "*")
                    break
            except TimeoutError:
                continue
        await silent.close()


async def test_a_long_list_of_topics_becomes_a_hint_to_look_at_everything(backend: SqliteBackend) -> None:
    other = backend.sibling()
    await other.open()
    many = [topic(DONE, f"{number:036}") for number in range(DATAGRAM_MAX // 36)]
    async with asyncio.timeout(10), other.signals.subscribe([DONE]) as topics:
        await backend.signals.publish(many)
        assert await anext(topics) == topic(DONE, "*")
    await other.close()


async def test_the_socket_of_a_dead_process_is_removed_by_the_next_who_writes_to_it(
    backend: SqliteBackend, path: Path
) -> None:
    folder = path.with_name("jobs.db-signals")
    async with backend.signals.subscribe([WORK]):
        [name] = [each for each in folder.iterdir() if each.name.startswith("work.")]
        left_behind = folder / "work.dead.sock"
        name.rename(left_behind)
    assert left_behind.exists()
    other = backend.sibling()
    await other.open()
    await other.jobs.enqueue_many([job()])
    await other.close()
    assert not left_behind.exists()


async def test_a_folder_with_a_very_long_path_still_carries_signals(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    one, two = (SqliteBackend(f"sqlite:///{deep}/jobs.db") for _ in range(2))
    await one.open()
    await two.open()
    async with asyncio.timeout(10), two.signals.subscribe([WORK]) as topics:
        await one.jobs.enqueue_many([job()])
        assert await anext(topics) == topic(WORK, "default")
    await one.close()
    await two.close()
