"""Options of jobs: each is checked where it is given, and what a job gets is what was asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from headrace import Exponential, Headrace, days, hours, minutes, seconds
from headrace.errors import ConfigError
from headrace.model.ids import new_job_id

app = Headrace("memory://")


@app.task(queue="mail", priority=7, retry=Exponential(attempts=3), timeout=seconds(30), tags=["a"], expires_in=days(1))
async def greet(name: str) -> str:
    return name


LATER = datetime(2030, 1, 31, 9, tzinfo=UTC)


def test_the_settings_of_a_task_are_the_options_of_its_jobs() -> None:
    job = greet.call("Ada").new_job()
    assert (job.task, job.queue, job.priority, job.max_attempts) == (greet.name, "mail", 7, 3)
    assert (job.timeout, job.tags, job.expires_in, job.codec) == (seconds(30), ("a",), days(1), "json")


def test_options_of_a_task_make_a_copy_and_leave_the_task_alone() -> None:
    urgent = greet.options(priority=9)
    assert urgent.call("Ada").new_job().priority == 9
    assert greet.call("Ada").new_job().priority == 7
    assert urgent.name == greet.name


def test_options_of_a_call_make_a_copy_and_leave_the_call_alone() -> None:
    call = greet.call("Ada")
    moved = call.options(queue="bulk", meta={"request": "r-1"})
    assert (moved.new_job().queue, moved.new_job().meta) == ("bulk", {"request": "r-1"})
    assert (call.new_job().queue, call.new_job().meta) == ("mail", {})


def test_none_takes_an_option_away_again() -> None:
    job = greet.options(timeout=None, expires_in=None).call("Ada").new_job()
    assert (job.timeout, job.expires_in) == (None, None)


def test_of_two_that_exclude_each_other_the_newer_stays() -> None:
    job = greet.options(run_at=LATER).options(delay=minutes(5)).call("Ada").new_job()
    assert (job.run_at, job.delay) == (None, minutes(5))
    job = greet.options(expires_at=LATER).call("Ada").new_job()
    assert (job.expires_at, job.expires_in) == (LATER, None)


def test_instants_are_kept_in_utc() -> None:
    paris = datetime(2030, 1, 31, 10, tzinfo=timezone(hours(1)))
    run_at = greet.options(run_at=paris).call("Ada").new_job().run_at
    assert run_at == LATER
    assert run_at is not None
    assert run_at.tzinfo is UTC


def test_a_call_is_another_job_each_time_unless_it_has_an_id() -> None:
    call = greet.call("Ada")
    assert call.new_job().id != call.new_job().id
    chosen = new_job_id()
    assert call.options(job_id=chosen.upper()).new_job().id == chosen


def test_another_codec_stores_the_same_arguments() -> None:
    for call in (greet.options(codec="msgpack").call("Ada"), greet.call("Ada").options(codec="msgpack")):
        job = call.new_job()
        assert (job.codec, job.payload) == ("msgpack", b"\x81\xa4name\xa3Ada")
        assert repr(call) == f"<Call {greet.name}('Ada')>"


def test_meta_is_a_copy() -> None:
    meta: dict[str, Any] = {"deep": [1]}
    call = greet.call("Ada").options(meta=meta)
    meta["deep"].append(2)
    assert call.new_job().meta == {"deep": [1]}


def test_a_tag_given_twice_counts_once() -> None:
    assert greet.call("Ada").options(tags=["b", "a", "b"]).new_job().tags == ("b", "a")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"priority": 10}, "priority is a whole number from 0 to 9, higher runs first; got 10"),
        ({"priority": True}, "priority is a whole number from 0 to 9, higher runs first; got True"),
        ({"queue": ""}, "'' is not a queue name"),
        ({"queue": "two words"}, "'two words' is not a queue name"),
        ({"run_at": datetime(2030, 1, 1)}, "run_at needs a time zone"),  # noqa: DTZ001 - that is the mistake
        ({"expires_at": datetime(2030, 1, 1)}, "expires_at needs a time zone"),  # noqa: DTZ001
        ({"run_at": timedelta(1)}, "run_at is an aware datetime; got datetime.timedelta"),
        ({"run_at": LATER, "delay": minutes(1)}, "give run_at or delay, not both"),
        ({"expires_at": LATER, "expires_in": minutes(1)}, "give expires_at or expires_in, not both"),
        ({"delay": seconds(-1)}, "delay must not be negative; got -1 day"),
        ({"delay": 5}, "delay is a timedelta, such as seconds(30); got 5"),
        ({"delay": seconds(4e9)}, "delay is at most a hundred years; got 46296 days"),
        ({"expires_in": seconds(0)}, "expires_in must be more than zero; got 0:00:00"),
        ({"timeout": seconds(0)}, "timeout must be more than zero; got 0:00:00"),
        ({"max_attempts": 0}, "max_attempts is a whole number from 1 to 1000000, the first attempt included; got 0"),
        ({"tags": "vip"}, "tags is a list of strings, such as ['eu', 'vip']; got 'vip'"),
        ({"tags": [str(number) for number in range(21)]}, "tags holds at most 20 tags; got 21"),
        ({"tags": ["x" * 129]}, "a tag is 1 to 128 printable characters"),
        ({"tags": ["line\nbreak"]}, "a tag is 1 to 128 printable characters; got 'line\\nbreak'"),
        ({"tags": [5]}, "a tag is 1 to 128 printable characters; got 5"),
        ({"meta": ["no"]}, "meta is a mapping with strings as keys"),
        ({"meta": {1: 2}}, "meta is a mapping with strings as keys"),
        ({"meta": {"x": object()}}, "meta must be what JSON can hold"),
        ({"meta": {"x": "y" * 70_000}}, "meta is 70008 bytes as JSON; at most 65536 are carried"),
        ({"idempotency_key": ""}, "idempotency_key is 1 to 512 printable characters; got ''"),
        ({"idempotency_window": None}, "idempotency_window is a timedelta, such as hours(24); got None"),
        ({"idempotency_window": seconds(0)}, "idempotency_window must be more than zero"),
        ({"job_id": "7"}, "job_id is a UUID as text, such as new_job_id() makes; got '7'"),
        ({"job_id": 7}, "job_id is a UUID as text"),
        ({"codec": 5}, "codec is the name of a codec, such as 'json' or 'msgpack'; got 5"),
        ({"codec": "pickle"}, "codec 'pickle' is not known"),
        ({"prio": 5}, "there is no option 'prio'; there are: queue, priority"),
    ],
)
def test_a_wrong_option_is_refused_with_its_name_its_value_and_what_to_do(options: Any, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        greet.options(**options)
    assert told in str(refused.value)
    with pytest.raises(ConfigError) as refused:
        greet.call("Ada").options(**options)
    assert told in str(refused.value)
