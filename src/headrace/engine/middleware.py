"""Middleware: what an app puts around every enqueue and every run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from msgspec import structs

from headrace.engine.context import JobContext
from headrace.errors import UsageError
from headrace.model.job import NewJob
from headrace.storage.jobs import Enqueued

EnqueueNext = Callable[[Sequence[NewJob]], Coroutine[Any, Any, list[Enqueued]]]
"""What comes next on the way of jobs into the store."""

RunNext = Callable[[], Coroutine[Any, Any, Any]]
"""What comes next on the way to the handler; answers what the handler returned, and raises what it raised."""


class Middleware:
    """Put around every enqueue and every run of an app: inherit, and override what you need.

    What is registered first is outermost. What is not overridden costs nothing.

    >>> from msgspec import structs
    >>> class Stamp(Middleware):
    ...     async def on_enqueue(self, jobs, next):
    ...         return await next([structs.replace(job, tags=(*job.tags, "stamped")) for job in jobs])
    """

    async def on_enqueue(self, jobs: Sequence[NewJob], next: EnqueueNext) -> list[Enqueued]:  # noqa: A002
        """Called with the jobs of one call: one for ``enqueue``, up to the store's largest batch for ``enqueue_many``.

        Hand other jobs to ``next`` to change them, by ``msgspec.structs.replace``; raise to refuse them. The answer has
        one reply for each job that came in. The jobs of schedules come here in the worker that fires them, and keep
        their ids and idempotency keys; should it die meanwhile, they come again elsewhere. With ``app.sync`` and
        ``connection=`` it waits for nothing but ``next``.
        """
        return await next(jobs)

    async def on_run(self, context: JobContext, next: RunNext) -> Any:  # noqa: A002
        """Called for each attempt, in the process of its handler, on an event loop.

        ``await next()`` runs the rest once. What this returns is the job's result, also without calling ``next``; what
        it raises is the attempt's failure, with ``Retry``, ``Snooze``, ``Cancel`` and ``Discard`` as in a handler.
        """
        return await next()


def check_middleware(given: Any) -> Middleware:
    """An instance, from one or from a class that needs no arguments. Raises UsageError for anything else."""
    made = given() if isinstance(given, type) and issubclass(given, Middleware) else given
    if isinstance(made, Middleware):
        return made
    message = f"middleware inherits from headrace.Middleware; got {given!r}"
    raise UsageError(message)


def enqueue_chain(middleware: Sequence[Middleware], store: EnqueueNext) -> EnqueueNext:
    """``store`` with the middleware around it that cares for enqueues."""
    chain = store
    for each in reversed(middleware):
        if type(each).on_enqueue is not Middleware.on_enqueue:
            chain = _enqueue_step(each, chain)
    return chain if chain is store else _with_known_ids(chain)


def _with_known_ids(chain: EnqueueNext) -> EnqueueNext:
    """Middleware may enqueue twice, as after an error, or change ids: a store has to look whether it has them."""

    async def step(jobs: Sequence[NewJob]) -> list[Enqueued]:
        return await chain([structs.replace(job, id_is_new=False) for job in jobs])

    return step


def _enqueue_step(middleware: Middleware, following: EnqueueNext) -> EnqueueNext:
    async def step(jobs: Sequence[NewJob]) -> list[Enqueued]:
        replies = list(await middleware.on_enqueue(jobs, following))
        if len(replies) != len(jobs):
            name = type(middleware).__qualname__
            message = f"{name}.on_enqueue answered {len(replies)} replies for {len(jobs)} jobs; one for each is needed"
            raise UsageError(message)
        return replies

    return step


def with_identity(jobs: Sequence[NewJob], store: EnqueueNext) -> EnqueueNext:
    """``store``, for jobs that middleware may change in anything but in which jobs they are.

    The ids and idempotency keys of ``jobs`` are put back, by the id or else by the position: whoever enqueues them
    again must find them. What middleware adds of its own is stored as it is.
    """
    known = {job.id: job for job in jobs}

    async def step(handed: Sequence[NewJob]) -> list[Enqueued]:
        in_place = jobs if len(handed) == len(jobs) else [None] * len(handed)
        made = [known.get(job.id, there) for job, there in zip(handed, in_place, strict=True)]
        return await store([job if of is None else _as(of, job) for job, of in zip(handed, made, strict=True)])

    return step


def _as(made: NewJob, handed: NewJob) -> NewJob:
    if handed is made:
        return handed
    return structs.replace(
        handed, id=made.id, idempotency_key=made.idempotency_key, idempotency_window=made.idempotency_window
    )


def around_runs(middleware: Sequence[Middleware]) -> tuple[Middleware, ...]:
    """The middleware that cares for runs."""
    return tuple(each for each in middleware if type(each).on_run is not Middleware.on_run)


def run_chain(middleware: Sequence[Middleware], context: JobContext, handler: RunNext) -> RunNext:
    """``handler`` with the middleware around it."""
    chain = handler
    for each in reversed(middleware):
        chain = _run_step(each, context, chain)
    return chain


def _run_step(middleware: Middleware, context: JobContext, following: RunNext) -> RunNext:
    async def step() -> Any:
        return await middleware.on_run(context, following)

    return step
