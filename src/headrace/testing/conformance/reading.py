"""Reading: jobs by id, lists in pages that stay stable, logs and progress."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headrace.model.ids import JobId, new_job_id
from headrace.model.job import JobState, LogLine, Progress
from headrace.model.outcome import Completed, Released
from headrace.model.page import PAGE_LIMIT_MAX, JobQuery
from headrace.storage.backend import Backend
from headrace.storage.jobs import JOB_LOG_LINES_MAX, Report, Settled
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import HOUR, begin, claim, claim_one, enqueue, finish, job, put_in, read


async def pages(backend: Backend, query: JobQuery, limit: int) -> list[list[JobId]]:
    """All pages of a list."""
    found: list[list[JobId]] = []
    cursor: str | None = None
    while True:
        page = await backend.reader.find(query, cursor=cursor, limit=limit)
        found.append([each.id for each in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return found


class ReadingPromises:
    async def test_jobs_are_answered_in_the_order_of_the_ids(self, backend: Backend) -> None:
        first, second = await enqueue(backend, job(), job())
        unknown = new_job_id()
        found = await backend.reader.get_many([second, unknown, first, second])
        assert [each and each.id for each in found] == [second, None, first, second]

    async def test_a_list_is_newest_first_and_ends(self, backend: Backend) -> None:
        ids = await enqueue(backend, *(job() for _ in range(7)))
        newest = list(reversed(ids))
        assert await pages(backend, JobQuery(), 3) == [newest[:3], newest[3:6], newest[6:]]

    async def test_a_list_that_fills_its_last_page_ends_there(self, backend: Backend) -> None:
        ids = await enqueue(backend, *(job() for _ in range(4)))
        found = await pages(backend, JobQuery(), 2)
        assert [each for page in found for each in page] == list(reversed(ids))

    async def test_an_empty_list_has_no_next_page(self, backend: Backend) -> None:
        page = await backend.reader.find(JobQuery())
        assert (page.items, page.next_cursor) == ([], None)

    async def test_pages_stay_stable_while_jobs_are_added(self, backend: Backend, clock: FrozenClock) -> None:
        ids = await enqueue(backend, *(job() for _ in range(6)))
        first = await backend.reader.find(JobQuery(), limit=4)
        clock.advance(timedelta(seconds=1))
        await enqueue(backend, *(job() for _ in range(5)))
        second = await backend.reader.find(JobQuery(), cursor=first.next_cursor, limit=4)
        assert [each.id for each in (*first.items, *second.items)] == list(reversed(ids))

    async def test_pages_stay_stable_while_jobs_go(self, backend: Backend) -> None:
        ids = await enqueue(backend, *(job() for _ in range(8)))
        first = await backend.reader.find(JobQuery(), limit=3)
        await backend.jobs.delete_many([first.items[-1].id, ids[4]])
        second = await backend.reader.find(JobQuery(), cursor=first.next_cursor, limit=10)
        assert [each.id for each in second.items] == [ids[3], ids[2], ids[1], ids[0]]

    async def test_pages_stay_stable_while_jobs_change_state(self, backend: Backend) -> None:
        ids = await enqueue(backend, *(job() for _ in range(6)))
        first = await backend.reader.find(JobQuery(), limit=2)
        for claimed in await claim(backend, 6):
            await finish(backend, claimed, Completed())
        rest = await backend.reader.find(JobQuery(), cursor=first.next_cursor, limit=10)
        assert [each.id for each in rest.items] == [ids[3], ids[2], ids[1], ids[0]]

    async def test_pages_of_a_filtered_list_hold_only_what_matches(self, backend: Backend) -> None:
        ids = await enqueue(backend, *(job(queue=f"q{n % 3}") for n in range(12)))
        found = await pages(backend, JobQuery(queues=("q1",)), 2)
        assert [each for page in found for each in page] == list(reversed(ids[1::3]))

    @pytest.mark.parametrize("state", list(JobState))
    async def test_a_list_by_state_finds_the_jobs_in_it(self, backend: Backend, state: JobState) -> None:
        by_state = {each: await put_in(backend, each) for each in JobState}
        page = await backend.reader.find(JobQuery(states=(state,)))
        assert [(each.id, each.state) for each in page.items] == [(by_state[state], state)]

    async def test_every_given_field_must_match(self, backend: Backend, clock: FrozenClock) -> None:
        old, mail = await enqueue(backend, job("a", tags=("x", "y")), job("a", queue="mail", tags=("x",)))
        noon = clock.now() + HOUR
        clock.advance(HOUR)
        [young] = await enqueue(backend, job("b", queue="mail", tags=("y",)))

        async def found(query: JobQuery) -> list[JobId]:
            return [each.id for each in (await backend.reader.find(query)).items]

        assert await found(JobQuery(tasks=("a",))) == [mail, old]
        assert await found(JobQuery(tasks=("a", "b"))) == [young, mail, old]
        assert await found(JobQuery(tasks=("a",), queues=("mail",))) == [mail]
        assert await found(JobQuery(tags=("y",))) == [young, old]
        assert await found(JobQuery(tags=("z",))) == []
        assert await found(JobQuery(since=noon)) == [young]
        assert await found(JobQuery(until=noon)) == [mail, old]
        assert await found(JobQuery(states=(JobState.QUEUED, JobState.DEAD), since=noon)) == [young]

    async def test_lists_are_without_results(self, backend: Backend) -> None:
        job_id = await put_in(backend, JobState.SUCCEEDED)
        [listed] = (await backend.reader.find(JobQuery())).items
        assert (listed.id, listed.result) == (job_id, None)
        assert (await read(backend, job_id)).result == b"1"

    async def test_a_page_is_never_larger_than_the_limit_for_all(self, backend: Backend) -> None:
        for _ in range(2):
            await enqueue(backend, *(job() for _ in range(600)))
        page = await backend.reader.find(JobQuery(), limit=PAGE_LIMIT_MAX + 100)
        assert len(page.items) == PAGE_LIMIT_MAX
        assert page.next_cursor is not None

    async def test_the_last_progress_counts(self, backend: Backend) -> None:
        claimed = await begin(backend)
        steps = [Progress(done=1, total=3), Progress(done=2, total=3, note="almost")]
        reports = [Report(lease=claimed.lease, progress=step) for step in steps]
        assert await backend.jobs.report_many(reports) == [Settled.APPLIED] * 2
        assert (await read(backend, claimed.job.id)).progress == steps[1]

    async def test_a_report_without_progress_leaves_it(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        line = LogLine(at=clock.now(), level="info", message="hello", attempt=1)
        await backend.jobs.report_many([Report(lease=claimed.lease, progress=Progress(done=0.5))])
        await backend.jobs.report_many([Report(lease=claimed.lease, logs=(line,))])
        assert (await read(backend, claimed.job.id)).progress == Progress(done=0.5)

    async def test_progress_outlives_its_attempt_but_is_not_part_of_a_claim(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await backend.jobs.report_many([Report(lease=claimed.lease, progress=Progress(done=0.5))])
        await finish(backend, claimed, Released())
        assert (await claim_one(backend)).job.progress is None
        assert (await read(backend, claimed.job.id)).progress == Progress(done=0.5)

    async def test_log_lines_are_kept_in_order(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        lines = [LogLine(at=clock.now(), level="info", message=f"ł {n}", attempt=1) for n in range(5)]
        reports = [Report(lease=claimed.lease, logs=tuple(lines[:3])), Report(lease=claimed.lease, logs=(lines[3],))]
        await backend.jobs.report_many(reports)
        await backend.jobs.report_many([Report(lease=claimed.lease, logs=(lines[4],))])
        await finish(backend, claimed, Completed())
        assert await backend.reader.logs(claimed.job.id) == lines

    async def test_the_oldest_log_lines_go_when_there_are_too_many(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        lines = [
            LogLine(at=clock.now(), level="info", message=str(n), attempt=1) for n in range(JOB_LOG_LINES_MAX + 10)
        ]
        for part in (lines[:700], lines[700:]):
            await backend.jobs.report_many([Report(lease=claimed.lease, logs=tuple(part))])
        kept = await backend.reader.logs(claimed.job.id)
        assert [each.message for each in kept] == [each.message for each in lines[-JOB_LOG_LINES_MAX:]]

    async def test_an_unknown_job_has_no_history(self, backend: Backend) -> None:
        assert await backend.reader.attempts(new_job_id()) == []
        assert await backend.reader.logs(new_job_id()) == []
