"""Unique jobs as users ask for them: which calls are the same work, and what the handle tells."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from enum import Enum
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace import Headrace, JobState, Unique, hours, minutes, seconds
from headrace.backends.memory import MemoryBackend
from headrace.errors import ConfigError
from headrace.model.job import UniqueKey
from headrace.model.outcome import Completed
from headrace.model.queue import JobCount
from headrace.tasks import Task
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import claim, finish

app = Headrace("memory://")


class Colour(Enum):
    RED = "red"


NOTHING = object()


@app.task
def plain(a: int, b: str = "x", c: float = 1, *, d: frozenset[str] = frozenset(), e: date | None = None) -> None: ...


@app.task
def odd(a: int, *rest: int, colour: Colour = Colour.RED, missing: Any = NOTHING, **more: Any) -> None: ...


def key(task: Task[..., Any], *args: Any, by: Any = None, **kwargs: Any) -> str:
    """The unique key of a call."""
    unique = task.options(unique=Unique(by=by)).call(*args, **kwargs).new_job().unique
    assert unique is not None
    return unique.key


calls = st.fixed_dictionaries(
    {
        "a": st.integers(-9, 9),
        "b": st.text(max_size=3),
        "c": st.sampled_from([1, 1.0, 2.5]),
        "d": st.frozensets(st.text()),
    },
    optional={"e": st.none() | st.dates()},
)


@given(values=calls, positional=st.integers(0, 3), shuffle=st.randoms())
def test_the_same_arguments_make_the_same_key_whatever_way_they_are_given(
    values: dict[str, Any], positional: int, shuffle: random.Random
) -> None:
    names = ["a", "b", "c"][:positional]
    named = [(name, value) for name, value in values.items() if name not in names]
    shuffle.shuffle(named)
    assert key(plain, *(values[name] for name in names), **dict(named)) == key(plain, **values)
    msgpack = plain.options(codec="msgpack")
    assert key(msgpack, **values) == key(plain, **values)


@given(values=calls, left_out=st.sets(st.sampled_from("bcde")))
def test_a_default_makes_the_same_key_written_out_or_left_out(values: dict[str, Any], left_out: set[str]) -> None:
    defaults = {"b": "x", "c": 1.0, "d": frozenset(), "e": None}
    written = {**values, **{name: defaults[name] for name in left_out}}
    assert key(plain, **{name: value for name, value in values.items() if name not in left_out}) == key(
        plain, **written
    )


@given(one=calls, other=calls)
def test_other_arguments_make_another_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = {"e": None, **one} == {"e": None, **other}
    assert (key(plain, **one) == key(plain, **other)) == same


@given(one=calls, other=calls)
def test_only_the_chosen_arguments_make_the_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (key(plain, **one, by=["a", "b"]) == key(plain, **other, by=("b", "a"))) == (
        (one["a"], one["b"]) == (other["a"], other["b"])
    )
    assert key(plain, **one, by=()) == key(plain, **other, by=())


def test_arguments_of_any_number_and_defaults_that_cannot_be_stored_make_a_key_too() -> None:
    assert key(odd, 1) == key(odd, a=1) == key(odd, 1, colour=Colour.RED)
    assert len({key(odd, 1), key(odd, 1, 2), key(odd, 1, x=2), key(odd, 1, missing=None)}) == 4
    assert key(odd, 1, x=1, y=2) == key(odd, 1, y=2, x=1)
    assert key(odd, 1, 2, by=("rest",)) == key(odd, 3, 2, by=("rest",))


def test_an_explicit_key_is_taken_as_it_is_and_a_made_one_tells_nothing_of_the_arguments() -> None:
    job = plain.options(unique="welcome:7").call(1).new_job()
    assert job.unique == UniqueKey(key="welcome:7")
    assert "secret" not in key(plain, 1, "secret")


def test_a_debounced_job_is_one_that_replaces_what_has_not_begun() -> None:
    job = plain.options(debounce=seconds(5), debounce_max=minutes(1), unique="k").call(1).new_job()
    pending = (JobState.QUEUED, JobState.SCHEDULED)
    assert job.unique == UniqueKey(key="k", states=pending, on_conflict="replace", push_max=minutes(1))
    assert job.delay == seconds(5)


def test_a_throttled_job_drops_what_comes_within_the_period() -> None:
    job = plain.options(throttle=minutes(1), unique="k").call(1).new_job()
    assert job.unique == UniqueKey(key="k", states=tuple(sorted(JobState)), on_conflict="drop", period=minutes(1))


def test_false_and_none_take_uniqueness_away_again() -> None:
    once = plain.options(unique=True, throttle=minutes(1))
    for off in (False, None):
        job = once.options(unique=off, throttle=None).call(1).new_job()
        assert (job.unique, job.delay) == (None, None)


LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"unique": 5}, "unique is True"),
        ({"unique": ""}, "unique: a key is 1 to 512"),
        ({"unique": Unique(by=("user",))}, "by names 'user', which is no argument; there are: a, b, c, d, e"),
        ({"debounce": seconds(0)}, "debounce must be more than zero"),
        ({"debounce": 5}, "debounce is a timedelta"),
        ({"debounce": seconds(5), "throttle": seconds(5)}, "give debounce .* or throttle"),
        ({"debounce_max": seconds(5)}, "debounce_max bounds debounce"),
        ({"debounce": seconds(5), "debounce_max": seconds(4)}, "debounce_max=0:00:04 with debounce=0:00:05"),
        ({"debounce": seconds(5), "delay": seconds(1)}, "leave delay out"),
        ({"debounce": seconds(5), "run_at": LATER}, "leave run_at out"),
        (
            {"throttle": seconds(5), "unique": Unique(period=hours(1))},
            "throttle decides states, period and on_conflict",
        ),
        ({"debounce": seconds(5), "unique": Unique(on_conflict="drop")}, "debounce decides states"),
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(options: dict[str, Any], told: str) -> None:
    for refuse in (plain.options, plain.call(1).options):
        with pytest.raises(ConfigError, match=told):
            refuse(**options)


def test_a_task_is_refused_what_its_jobs_are() -> None:
    with pytest.raises(ConfigError, match="by names 'user', which is no argument; there are: none"):
        app.task(name="refused", unique=Unique(by=("user",)))(lambda: None)
    with pytest.raises(ConfigError, match="debounce_max bounds debounce"):
        app.task(name="refused", debounce_max=minutes(1))(lambda: None)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"key": "k", "by": ("a",)}, "give key or by, not both"),
        ({"by": "a"}, "by is a tuple of names"),
        ({"states": ("done",)}, "states are some of scheduled, queued"),
        ({"states": "queued"}, "states are some of"),
        ({"states": ()}, "without states no job takes the key"),
        ({"period": seconds(0)}, "period is a timedelta of more than zero"),
        ({"on_conflict": "raise"}, "on_conflict is 'return', 'drop' or 'replace'; got 'raise'"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_by_name(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Unique(**values)


def test_arguments_that_have_no_order_are_refused_with_a_way_out() -> None:
    def take(members: frozenset[int | str]) -> None: ...

    call = app.task(name="take")(take).options(unique=True).call(frozenset([1, "a"]))
    with pytest.raises(ConfigError, match="Give a key of your own, or name others in by"):
        call.new_job()


async def test_the_handle_tells_what_became_of_the_enqueue() -> None:
    app = Headrace("memory://")

    @app.task(unique=Unique(by=("user",)), name="sync")
    def sync(user: int, what: str = "") -> None: ...

    async with app:
        first = await sync.enqueue(7)
        again = await sync.enqueue(7, "more")
        dropped = await sync.options(unique=Unique(by=("user",), on_conflict="drop")).enqueue(7)
        replaced = await sync.options(unique=Unique(by=("user",), on_conflict="replace")).enqueue(7, "new")
        assert first == again == dropped == replaced
        flags = [(each.duplicate, each.dropped, each.replaced) for each in (first, again, dropped, replaced)]
        assert flags == [(False,) * 3, (True, False, False), (False, True, False), (False, False, True)]
        assert repr(dropped).endswith("dropped>")
        assert sync.decode(await first.get())[0] == (7, "new")
        assert (await sync.enqueue(8)) != first


async def test_a_refused_retry_names_the_job_that_holds_the_key() -> None:
    app = Headrace("memory://")
    task = app.task(name="t", unique=True)(lambda: None)
    async with app:
        first = await task.enqueue()
        await first.cancel()
        second = await task.enqueue()
        changed = await first.retry()
        assert (changed.changed, changed.state, changed.conflict) == (False, JobState.CANCELLED, second.id)


def test_a_burst_from_sync_code_is_debounced() -> None:
    app = Headrace("memory://")
    task = app.task(name="t", debounce=seconds(5), unique=Unique(by=()))(_take_one)
    with app.sync as sync:
        handles = [sync.enqueue(task.call(n)) for n in range(3)]
        assert [each.replaced for each in handles] == [False, True, True]
        assert task.decode(handles[0].get())[0] == (2,)


def _take_one(n: int) -> None: ...


@given(gaps=st.lists(st.integers(0, 90), min_size=1, max_size=12))
async def test_a_debounce_pushed_no_further_than_its_own_length_is_a_throttle_of_the_last(gaps: list[int]) -> None:
    window, clock, runs = seconds(60), FrozenClock(), list[tuple[datetime, int]]()
    async with Headrace(backend=MemoryBackend(clock=clock)) as app:

        @app.task(unique=Unique(by=()), debounce=window, debounce_max=window)
        async def mirror(balance: int) -> None: ...

        async def let_pass(seconds_passed: int) -> None:
            for _ in range(seconds_passed):
                clock.advance(seconds(1))
                await app.backend.jobs.promote(limit=10)
                for claimed in await claim(app.backend, 10):
                    runs.append((clock.now(), mirror.decode(claimed.job)[0][0]))
                    await finish(app.backend, claimed, Completed(result=b"null"))

        for number, gap in enumerate(gaps):
            await let_pass(gap)
            await mirror.enqueue(number)
        await let_pass(60)
        instants = [at for at, _ in runs]
        assert all(later - earlier >= window for earlier, later in pairwise(instants))
        assert runs[-1][1] == len(gaps) - 1
        assert await app.counts() == [JobCount(queue="default", state=JobState.SUCCEEDED, count=len(runs))]
