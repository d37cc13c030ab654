"""An app whose tasks run in child processes, within surroundings; the tests import it, and so do the children."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from headrace import Blueprint, Headrace, Inject, Middleware
from headrace.engine.context import JobContext
from headrace.engine.middleware import RunNext


class Pool:
    """Lives as long as the child."""

    def __init__(self) -> None:
        self.uses = 0


class Session:
    """Lives for one attempt."""

    def __init__(self, pool: Pool, job: str) -> None:
        self.pool = pool
        self.job = job


app = Headrace("memory://")
blueprint = Blueprint(prefix="children.")


@app.provider
async def pool() -> AsyncIterator[Pool]:
    yield Pool()
    if place := os.environ.get("HEADRACE_TEST_CLOSED"):
        Path(place).write_text("closed")


@app.provider(scope="job")
def session(pool: Pool, context: JobContext) -> Iterator[Session]:
    pool.uses += 1
    yield Session(pool, context.id)


@blueprint.task(executor="process")
def count(session: Session = Inject()) -> tuple[int, ...]:
    """How often the pool was used, and where."""
    return session.pool.uses, os.getpid()


@blueprint.task(executor="process")
async def count_async(pool: Pool = Inject()) -> int:
    return pool.uses


@app.middleware
class Doubling(Middleware):
    """Tells that it runs where the handler does."""

    async def on_run(self, context: JobContext, next: RunNext) -> Any:  # noqa: A002
        value = await next()
        return (os.getpid(), *value) if context.task == "children.count" else value


app.include(blueprint)
