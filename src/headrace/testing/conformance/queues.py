"""Queues: known as soon as anything names them, with settings that take effect at once."""

from __future__ import annotations

from datetime import timedelta

from headrace.model.queue import QueueSettings, Retention
from headrace.storage.backend import Backend
from headrace.storage.jobs import JobEdit
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import claim, enqueue, job


class QueuePromises:
    async def test_an_empty_store_knows_no_queue(self, backend: Backend) -> None:
        assert await backend.queues.all() == []

    async def test_a_queue_exists_as_soon_as_a_job_names_it(self, backend: Backend) -> None:
        await enqueue(backend, job(queue="b"), job(queue="a"))
        assert await backend.queues.all() == [QueueSettings(name="a"), QueueSettings(name="b")]

    async def test_a_queue_exists_as_soon_as_a_setting_names_it(self, backend: Backend) -> None:
        await backend.queues.configure_many([QueueSettings(name="a")])
        assert await backend.queues.all() == [QueueSettings(name="a")]

    async def test_a_queue_exists_as_soon_as_an_edit_names_it(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job(queue="a"))
        await backend.jobs.edit_many([JobEdit(id=job_id, queue="b")])
        assert [each.name for each in await backend.queues.all()] == ["a", "b"]

    async def test_a_queue_outlives_its_jobs(self, backend: Backend) -> None:
        ids = await enqueue(backend, job(queue="a"))
        await backend.jobs.delete_many(ids)
        assert [each.name for each in await backend.queues.all()] == ["a"]

    async def test_settings_are_read_back_as_given(self, backend: Backend, clock: FrozenClock) -> None:
        settings = QueueSettings(
            name="mail",
            paused=True,
            pause_reason="the provider is down ł",
            paused_at=clock.now(),
            retention=Retention(succeeded=timedelta(seconds=1.5), dead=timedelta(days=400)),
        )
        await backend.queues.configure_many([settings])
        assert await backend.queues.all() == [settings]

    async def test_settings_replace_what_the_queue_had(self, backend: Backend) -> None:
        await backend.queues.configure_many([QueueSettings(name="a", paused=True, retention=Retention())])
        await backend.queues.configure_many([QueueSettings(name="a", pause_reason="x"), QueueSettings(name="b")])
        assert await backend.queues.all() == [QueueSettings(name="a", pause_reason="x"), QueueSettings(name="b")]

    async def test_enqueuing_does_not_touch_settings(self, backend: Backend) -> None:
        paused = QueueSettings(name="a", paused=True)
        await backend.queues.configure_many([paused])
        await enqueue(backend, job(queue="a"))
        assert await backend.queues.all() == [paused]

    async def test_a_pause_takes_effect_from_the_next_claim_also_for_siblings(self, backend: Backend) -> None:
        other = backend.sibling()
        await other.open()
        try:
            await enqueue(backend, job(), job())
            assert len(await claim(other)) == 1
            await backend.queues.configure_many([QueueSettings(name="default", paused=True)])
            assert await claim(other) == []
        finally:
            await other.close()
