"""What people do with jobs, alike over the library and over HTTP: the same words, answers and exceptions."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from headrace import errors
from headrace.model.ids import new_job_id
from headrace.model.job import JobState
from headrace.model.schedule import Outcome
from tests.transports.conftest import Working
from tests.transports.tasks import make_app
from tests.transports.ways import Way

HOUR = timedelta(hours=1)


async def test_a_job_is_submitted_run_and_answered(way: Way, working: Working) -> None:
    job = await way.submit("greet", ["Ada"])
    assert await way.state(job) is JobState.QUEUED
    assert await way.args(job) == {"name": "Ada"}
    async with working():
        assert await way.result(job) == "Hello, Ada!"
    assert await way.state(job) is JobState.SUCCEEDED
    assert await way.logs(job) == ["greeting Ada"]


async def test_many_jobs_are_submitted_at_once_and_found_the_newest_first(way: Way) -> None:
    ids = await way.submit_many("greet", [["Ada"], ["Bob"], ["Cy"]])
    assert await way.find("task:greet state:queued") == ids[::-1]
    assert await way.find("args.name:Bob") == [ids[1]]


async def test_options_mean_the_same(way: Way) -> None:
    later = await way.submit("greet", ["Ada"], delay=HOUR, priority="high", tags=["eu", "vip"], queue="slow")
    assert await way.state(later) is JobState.SCHEDULED
    assert await way.find("queue:slow priority:7 tag:eu tag:vip due:>=+50m") == [later]


async def test_keys_answer_the_first_job(way: Way) -> None:
    first = await way.submit("greet", ["Ada"], idempotency_key="welcome:7")
    assert await way.submit("greet", ["Ada"], idempotency_key="welcome:7") == first
    with pytest.raises(errors.IdempotencyConflict, match="welcome:7"):
        await way.submit("greet", ["Bob"], idempotency_key="welcome:7")
    unique = await way.submit("greet", ["Cy"], unique=True)
    assert await way.submit("greet", ["Cy"], unique=True) == unique
    assert len(await way.find("task:greet")) == 2


async def test_a_job_has_the_id_that_it_was_given(way: Way) -> None:
    wanted = new_job_id()
    assert await way.submit("greet", ["Ada"], job_id=wanted) == wanted
    assert await way.submit("greet", ["Ada"], job_id=wanted) == wanted
    assert await way.find("task:greet") == [wanted]


async def test_a_job_that_fails_tells_why_and_can_run_again_with_other_arguments(way: Way, working: Working) -> None:
    job = await way.submit("fail", ["no luck"])
    async with working():
        with pytest.raises(errors.JobFailed, match="ValueError: no luck") as caught:
            await way.result(job)
    assert (caught.value.job_id, "raise ValueError(message)" in caught.value.traceback) == (job, True)
    assert await way.attempts(job) == ["failed"]
    assert await way.change("retry", [job], args={"message": "again"}, queue="careful") == [(JobState.QUEUED, True)]
    assert await way.args(job) == {"message": "again"}
    assert await way.find("queue:careful") == [job]


async def test_errors_are_told_in_groups(way: Way, working: Working) -> None:
    ids = await way.submit_many("fail", [["order 7 is gone"], ["order 8 is gone"]])
    async with working():
        for job in ids:
            with pytest.raises(errors.JobFailed):
                await way.result(job)
    [group] = await way.error_groups("task:fail")
    assert (group.type, group.dead, group.tasks) == ("ValueError", 2, ("fail",))
    assert group.message in ("order 7 is gone", "order 8 is gone")


async def test_an_error_is_resolved_ignored_and_reopened(way: Way, working: Working) -> None:
    async with working():
        with pytest.raises(errors.JobFailed):
            await way.result(await way.submit("fail", ["no luck"]))
    [group] = await way.error_groups("")
    assert await way.error_status(group.fingerprint) == "open"
    await way.triage.resolve(group.fingerprint, note="there is luck now")
    assert await way.error_status(group.fingerprint) == "resolved"
    async with working():
        with pytest.raises(errors.JobFailed):
            await way.result(await way.submit("fail", ["no luck"]))
    assert await way.error_status(group.fingerprint) == "regressed"
    await way.triage.ignore(group.fingerprint)
    assert await way.error_status(group.fingerprint) == "ignored"
    await way.triage.reopen(group.fingerprint)
    assert await way.error_status(group.fingerprint) == "open"


async def test_events_are_read_and_watched_from_where_one_was(way: Way, url: str) -> None:
    async with make_app(url) as app:
        await app.events.enable()
    first, second = await way.submit_many("greet", [["Ada"], ["Bob"]])
    page = await way.events.read(limit=1)
    watching = way.events.watch(kind="cancelled", after=page.last)
    await way.change("cancel", [second])
    async with aclosing(watching) as events:
        found = await anext(events)
    assert (found.job_id, found.state, found.kind.value) == (second, JobState.CANCELLED, "job.cancelled")
    assert await way.state(first) is JobState.QUEUED


async def test_a_cancelled_job_says_so(way: Way) -> None:
    job = await way.submit("greet", ["Ada"])
    assert await way.change("cancel", [job], reason="moved away") == [(JobState.CANCELLED, True)]
    with pytest.raises(errors.JobCancelled, match="moved away"):
        await way.result(job)
    assert await way.change("cancel", [job]) == [(JobState.CANCELLED, False)]


async def test_a_change_that_does_not_apply_is_an_answer_and_no_exception(way: Way) -> None:
    job, gone = await way.submit("greet", ["Ada"]), new_job_id()
    assert await way.change("retry", [job, gone]) == [(JobState.QUEUED, False), (None, False)]
    assert await way.change("discard", [job]) == [(JobState.QUEUED, False)]
    assert [changed for _, changed in await way.change("delete", [job])] == [True]
    assert await way.find("task:greet") == []


async def test_a_waiting_job_is_edited(way: Way) -> None:
    job = await way.submit("greet", ["Ada"])
    changes = await way.change("edit", [job], priority=9, tags=["soon"], expires_at=datetime.now(UTC) + HOUR)
    assert changes == [(JobState.QUEUED, True)]
    assert await way.find("priority:9 tag:soon expires:<+2h") == [job]


async def test_waiting_ends_when_its_time_is_over_and_the_job_goes_on(way: Way) -> None:
    job = await way.submit("greet", ["Ada"])
    with pytest.raises(TimeoutError, match="it goes on"):
        await way.result(job, timeout=0.2)
    assert await way.state(job) is JobState.QUEUED


async def test_it_is_told_why_a_job_does_not_run(way: Way) -> None:
    job = await way.submit("greet", ["Ada"])
    await way.pause("mail")
    assert await way.explain(job) == "queued.paused"
    await way.resume("mail")
    assert await way.explain(job) != "queued.paused"


async def test_queues_are_limited(way: Way) -> None:
    await way.submit("greet", ["Ada"])
    assert await way.configure("mail", concurrency=3, fair=True) == {"fair": True, "concurrency": 3}
    assert await way.configure("mail", concurrency=None) == {"fair": True, "concurrency": None}


async def test_anything_is_limited(way: Way) -> None:
    await way.submit("greet", ["Ada"])
    await way.limit("task:greet", concurrency=2, rate="10/m")
    await way.limit("key:mail:tenant/7 %", concurrency=1)
    assert await way.limited("task:greet") == (2, 1)
    assert await way.limited("key:mail:tenant/7 %") == (1, 0)
    await way.limit("task:greet", rate=None)
    assert await way.limited("task:greet") == (2, 1)
    assert [await way.unlimit("task:greet"), await way.unlimit("task:greet")] == [True, False]
    with pytest.raises(errors.ConfigError, match="'mail' is nothing to limit"):
        await way.limit("mail", concurrency=1)


async def test_a_queue_is_drained_once_its_jobs_are_done(way: Way, working: Working) -> None:
    await way.submit("greet", ["Ada"])
    await way.submit("greet", ["Bob"], delay=HOUR)
    with pytest.raises(TimeoutError, match="1 queued"):
        await way.drain("mail", timeout=0.1)
    async with working():
        left = await way.drain("mail", timeout=20)
    assert {state: count for state, count in left.items() if count} == {JobState.SCHEDULED: 1, JobState.SUCCEEDED: 1}


async def test_a_worker_is_told_to_claim_no_more_and_to_work_again(way: Way, working: Working) -> None:
    async with working():
        [worker] = await way.workers()
        await way.order(worker, "quiet")
        await way.order(worker, "work")
        with pytest.raises(errors.ConfigError, match="dance"):
            await way.order(worker, "dance")
    with pytest.raises(errors.UsageError):
        await way.order(worker, "quiet")


async def test_schedules_are_made_paused_triggered_and_deleted(way: Way) -> None:
    assert await way.schedule("nightly", "@daily", "greet", ["Ada"]) == "nightly"
    await way.schedule("tick", timedelta(minutes=5), "greet", ["Bob"])
    schedules = way.schedules
    assert [each.name for each in await schedules.list()] == ["nightly", "tick"]
    first, second = await schedules.next("tick", 2)
    assert second.at - first.at == timedelta(minutes=5)
    (later,) = await schedules.next("tick", 1, start=second.at)
    assert later.at == second.at
    assert (await schedules.pause("nightly", reason="the disk is full")).paused
    assert not (await schedules.resume("nightly")).paused
    assert await schedules.skip_next("tick") == first.at
    await schedules.trigger("nightly")
    assert [each.outcome for each in await schedules.history("nightly")] == [Outcome.FIRED]
    assert len(await way.find("task:greet")) == 1
    with pytest.raises(errors.UsageError, match="'nightly' already"):
        await way.schedule("nightly", "@daily", "greet", ["Ada"])
    await schedules.delete("nightly")
    with pytest.raises(errors.UnknownSchedule, match="nightly"):
        await schedules.get("nightly")


async def test_many_jobs_are_changed_by_a_search(way: Way) -> None:
    await way.submit_many("greet", [["Ada"], ["Bob"], ["Ada"]])
    assert (await way.bulk_of.preview("args.name:Ada")).matched == 2
    assert await way.bulk("cancel", "args.name:Ada") == (2, 2)
    assert len(await way.find("state:cancelled")) == 2


async def test_a_change_to_many_jobs_is_told_job_by_job_and_taken_back(way: Way) -> None:
    ada, bob = await way.submit_many("greet", [["Ada"], ["Bob"]])
    done = await way.bulk_of.run("cancel", where="task:greet")
    [first, second] = (await way.bulk_of.items(done.id)).items
    assert {first.job_id, second.job_id} == {ada, bob}
    assert (first.changed, first.before.state, first.left_alone) == (True, JobState.QUEUED, "")
    await way.change("edit", [bob], priority=9)
    assert (await way.bulk_of.preview_undo(done.id)).matched == 1

    undone = await way.bulk_of.undo(done.id, reason="a slip")

    assert (undone.verb.value, undone.undoes, undone.matched, undone.changed) == ("undo", done.id, 2, 1)
    assert (await way.state(ada), await way.state(bob)) == (JobState.QUEUED, JobState.CANCELLED)
    told = {each.job_id: each.left_alone for each in (await way.bulk_of.items(undone.id)).items}
    assert told == {ada: "", bob: "its priority changed meanwhile"}
    with pytest.raises(errors.UsageError, match="an undo itself"):
        await way.bulk_of.start_undo(undone.id)
    for ask in (way.bulk_of.undo, way.bulk_of.preview_undo, way.bulk_of.items):
        with pytest.raises(errors.OperationNotFound):
            await ask("op-019a0b0c-0d0e-7123-bfff-ffffffffffff")


async def test_bad_input_is_the_same_exception_with_the_same_words(way: Way) -> None:
    with pytest.raises(errors.UnknownTask, match=r"'gret'.*greet"):
        await way.submit("gret")
    with pytest.raises(errors.InvalidArguments, match="greet"):
        await way.submit("greet", [7])
    with pytest.raises(errors.ConfigError, match="priority"):
        await way.submit("greet", ["Ada"], priority=99)
    with pytest.raises(errors.ConfigError, match="queue"):
        await way.submit("greet", ["Ada"], queue="no spaces")
    with pytest.raises(errors.QueryError, match="no state 'lost'") as query:
        await way.find("task:greet state:lost")
    assert query.value.pointer == "  task:greet state:lost\n                   ^^^^"
    with pytest.raises(errors.JobNotFound) as missing:
        await way.state("019a0b0c-0d0e-7123-bfff-ffffffffffff")
    assert missing.value.job_id == "019a0b0c-0d0e-7123-bfff-ffffffffffff"
    with pytest.raises(errors.OperationNotFound):
        await way.bulk_of.get("op-019a0b0c-0d0e-7123-bfff-ffffffffffff")
    assert await way.find("") == []
