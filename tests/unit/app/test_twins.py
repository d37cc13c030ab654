"""Whatever the app offers to code with an event loop, ``app.sync`` offers to code without one, in the same words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headrace import Headrace
from headrace.app.sync import SyncDesk

NOT_FOR_PEOPLE = {"backend", "declared_queues", "enqueue_occurrences"}
"""The store itself, and what a worker calls, which has an event loop."""


def is_async(method: object) -> bool:
    return inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)


def said(method: Callable[..., Any]) -> list[tuple[str, object]]:
    """The parameters of a method, with their defaults; of those that are functions, that they are."""
    parameters = inspect.signature(method).parameters.values()
    return [(each.name, callable if inspect.isfunction(each.default) else each.default) for each in parameters]


def async_words(of: type) -> dict[str, list[tuple[str, object]]]:
    """The public methods that need an event loop, with their parameters."""
    public = {name: getattr(of, name) for name in dir(of) if not name.startswith("_")}
    return {name: said(each) for name, each in public.items() if is_async(each)}


def words(of: type, names: set[str]) -> dict[str, list[tuple[str, object]]]:
    """Which of these methods there are, with their parameters."""
    found = {name: getattr(of, name) for name in names if hasattr(of, name)}
    return {name: said(each) for name, each in found.items()}


def facades(app: Headrace) -> Iterator[str]:
    """The attributes of the app that hold async methods."""
    held = [name for name in dir(Headrace) if not callable(inspect.getattr_static(Headrace, name))]
    for name in held:
        if not name.startswith("_") and name not in NOT_FOR_PEOPLE and async_words(type(getattr(app, name))):
            yield name


async def test_every_part_of_the_app_has_a_blocking_twin() -> None:
    async with Headrace("memory://") as app:
        found = list(facades(app))
        assert {"bulk", "events", "keys", "schedules", "triage", "webhooks"} <= set(found)
        for name in found:
            assert hasattr(SyncDesk, name), f"app.{name} has no twin: app.sync.{name}"
            told = async_words(type(getattr(app, name)))
            assert words(type(getattr(app.sync, name)), set(told)) == told, f"app.sync.{name} is not like app.{name}"


@pytest.mark.parametrize("name", sorted(set(async_words(Headrace)) - NOT_FOR_PEOPLE))
def test_every_call_of_the_app_has_a_blocking_twin(name: str) -> None:
    assert words(SyncDesk, {name}) == {name: async_words(Headrace)[name]}


def test_the_twins_of_calls_that_others_do_not_test_answer() -> None:
    app = Headrace("memory://")

    @app.task(name="greet")
    def greet(name: str) -> None: ...

    with app.sync as sync:
        job = sync.enqueue(sync.call_by_name("greet", {"name": "Ada"}))
        job.cancel()
        assert sync.settled(job.id).state == "cancelled"
        assert sync.limit_usage("queue:mail") is None
        assert sync.check_jobs() == []
        assert sync.migrate_jobs(dry_run=True).migrated == 0
        made = sync.keys.create("shop", scopes=["submit"])
        sync.keys.note_use(made.key.id)
        assert list(sync.keys.last_used()) == [made.key.id]
        assert sync.keys.revoke("shop").revoked_at is not None
        assert sync.keys.get("shop").id == made.key.id
        sync.triage.resolve("9f2b6a01c3d4", note="mended")
        sync.triage.reopen("9f2b6a01c3d4")
        assert sync.triage.marks(["9f2b6a01c3d4"]) == [None]
