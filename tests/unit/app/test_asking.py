"""Searches by what no job holds: why it is not running, what changed it, how it compares with others of its task."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.app.served import serve

from headrace import Headrace, hours, seconds
from headrace.app.asking import PAGES_MAX
from headrace.app.percentiles import SAMPLE_MIN
from headrace.errors import ConfigError, OperationNotFound, QueryError
from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.model.outcome import Completed, Failed
from headrace.model.search.fields import PENDING_CODES, WHY_WORDS
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import ERROR, begin, enqueue, finish, job, put_in

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "why-is-it-not-running.md"


async def found(app: Headrace, where: str, **filters: object) -> set[str]:
    """The ids of all jobs that a search finds, page by page."""
    ids: list[str] = []
    cursor: str | None = None
    while True:
        page = await app.find(where=where, cursor=cursor, **filters)  # type: ignore[arg-type]
        ids += [each.id for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            assert len(ids) == len(set(ids))
            return set(ids)


async def took(app: Headrace, clock: FrozenClock, task: str, each: timedelta) -> JobId:
    """A job of that task that succeeded after running so long."""
    claimed = await begin(app.backend, task=task, queue=task)
    clock.advance(each)
    await finish(app.backend, claimed, Completed(result=b"1"))
    return claimed.job.id


async def test_jobs_are_found_by_the_reason_that_explain_gives(app: Headrace) -> None:
    await app.pause("held")
    by_state = {
        state: await put_in(app.backend, state, queue="mail") for state in (JobState.SCHEDULED, JobState.WAITING)
    }
    [held, alone] = await enqueue(app.backend, job(queue="held"), job(queue="alone"))
    failing = await begin(app.backend, queue="failing")
    await finish(app.backend, failing, Failed(error=ERROR, retry_in=hours(1)))

    assert await found(app, "why:paused") == {held}
    assert await found(app, "why:no_worker") == {alone}
    assert await found(app, "why:scheduled") == {by_state[JobState.SCHEDULED]}
    assert await found(app, "why:retry") == {failing.job.id}
    assert await found(app, "why:waiting,retry") == {by_state[JobState.WAITING], failing.job.id}
    assert await found(app, "why:paused OR queue:mail") == {held, *by_state.values()}
    assert await found(app, "-why:paused", states=["queued"]) == {alone}
    assert await found(app, "why:paused queue:alone") == set()
    for each in await found(app, "state:pending"):
        word = (await app.explain(each)).code.rpartition(".")[2]
        assert each in await found(app, f"why:{word}")


async def test_a_limit_is_a_reason_whether_of_concurrency_or_of_rate(app: Headrace) -> None:
    await serve(app, "mail", "sms")
    await app.limit("queue:mail", concurrency=1)
    await app.limit("queue:sms", rate="1/h")
    held = set()
    for queue in ("mail", "sms"):
        await begin(app.backend, queue=queue)
        held |= set(await enqueue(app.backend, job(queue=queue)))
    assert await found(app, "why:limit") == held
    assert await found(app, "why:limit queue:mail") | await found(app, "why:rate") == held


async def test_jobs_are_found_by_the_operation_that_changed_them(app: Headrace) -> None:
    ids = await enqueue(app.backend, *(job(queue=queue) for queue in ("mail", "mail", "sms")))
    dead = await put_in(app.backend, JobState.DEAD)
    operation = await app.bulk.run("cancel", where="state:queued,dead")
    assert operation.matched == 4
    assert await found(app, f"caused-by:{operation.id}") == set(ids)
    assert await found(app, f"caused-by:{operation.id} queue:mail") == set(ids[:2])
    assert await found(app, f"caused-by:{operation.id}", queues=["sms"], limit=1) == {ids[2]}
    assert await found(app, f"caused-by:{operation.id} why:paused") == set()
    assert dead not in await found(app, f"caused-by:{operation.id}")
    with pytest.raises(OperationNotFound):
        await app.find(where="caused-by:op-none")


@pytest.mark.parametrize("where", ["-caused-by:op-1", "caused-by:op-1 OR queue:mail", "caused-by:op-1,op-2"])
async def test_an_operation_is_named_by_itself(app: Headrace, where: str) -> None:
    with pytest.raises(ConfigError, match="caused-by names one operation"):
        await app.find(where=where)


async def test_slow_jobs_are_found_by_the_percentiles_of_their_own_task(app: Headrace, clock: FrozenClock) -> None:
    quick = [await took(app, clock, "quick", seconds(n)) for n in range(1, 21)]
    slow = [await took(app, clock, "slow", seconds(100 * n)) for n in range(1, 21)]
    await took(app, clock, "rare", hours(9))
    assert await found(app, "run:>p95") == {quick[-1], slow[-1]}
    assert await found(app, "run:>p90 task:slow") == {*slow[-2:]}
    assert await found(app, "run:<=p5", tasks=["quick"]) == {quick[0]}
    assert await found(app, "run:>p95,>8h task:rare") == await found(app, "task:rare")
    running = await begin(app.backend, task="quick", queue="quick")
    clock.advance(seconds(30))
    assert running.job.id in await found(app, "run:>p95 state:running")


async def test_a_task_with_few_jobs_has_no_percentiles(app: Headrace, clock: FrozenClock) -> None:
    for n in range(SAMPLE_MIN - 1):
        await took(app, clock, "rare", seconds(n + 1))
    assert await found(app, "run:>p50") == set()


async def test_a_rare_match_ends_a_page_with_how_far_it_came(app: Headrace) -> None:
    await app.pause("held")
    [held] = await enqueue(app.backend, job(queue="held"))
    await enqueue(app.backend, *(job() for _ in range(PAGES_MAX + 5)))
    page = await app.find(where="why:paused", limit=1)
    assert (page.items, page.complete) == ([], False)
    assert page.reached is not None
    assert await found(app, "why:paused", limit=1) == {held}


@pytest.mark.parametrize("where", ["why:paused", "run:>p95", "caused-by:op-1"])
async def test_an_operation_cannot_ask_and_says_what_to_do_instead(app: Headrace, where: str) -> None:
    with pytest.raises(QueryError, match="hand on what they find"):
        await app.bulk.preview(f"state:queued {where}")
    with pytest.raises(QueryError):
        await app.bulk.start("cancel", where=where)


def test_every_reason_for_not_running_has_a_word() -> None:
    told = re.findall(r"^\| `((?:queued|scheduled|waiting)[a-z_.]*)` \|", PAGE.read_text(), re.MULTILINE)
    assert {code for codes in WHY_WORDS.values() for code in codes} == set(PENDING_CODES) == set(told)


@given(pages=st.lists(st.booleans(), max_size=40), limit=st.integers(1, 9))
async def test_pages_leave_nothing_out_whatever_their_size(pages: list[bool], limit: int) -> None:
    async with Headrace("memory://") as app:
        await app.pause("held")
        ids = await enqueue(app.backend, *(job(queue="held" if held else "free") for held in pages)) if pages else []
        wanted = {each for each, held in zip(ids, pages, strict=True) if held}
        assert await found(app, "why:paused", limit=limit) == wanted
