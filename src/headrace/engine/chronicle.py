"""Tells what happens to a worker's jobs: in the log what went wrong, to the listeners everything."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from msgspec import structs

from headrace.engine.context import job_fields
from headrace.engine.execution import Execution
from headrace.model.outcome import Completed, Discarded, Failed, Finish, Outcome
from headrace.storage.clock import Clock
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")


class Chronicle:
    """The words for what happens to jobs. Values that must not be shown are concealed in all of them."""

    def __init__(self, telemetry: Telemetry, clock: Clock, known_tasks: Callable[[], Sequence[str]]) -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._known_tasks = known_tasks
        self._not_known: set[tuple[str, int]] = set()

    def started(self, run: Execution) -> None:
        """The handler is about to be called."""
        if self._telemetry.active:
            run.begun_at = self._clock.monotonic()
            waited = (self._clock.now() - run.job.run_at).total_seconds()
            self._telemetry.emit("job.started", **job_fields(run.job), wait_s=waited)

    def ended(self, run: Execution, finish: Finish | None) -> None:
        """The handler is over; ``finish`` is None where its lease is lost. A job that succeeded is not logged."""
        outcome = None if finish is None else finish.outcome
        if type(outcome) is not Completed:
            self._log_end(run, outcome)
        if self._telemetry.active:
            self._emit_end(run, outcome)

    def stale(self, run: Execution) -> None:
        """The store did not take the end of a job, for its lease was lost."""
        log.warning(
            "job %s had been given to another worker; its end here changes nothing",
            run.job.id,
            extra=job_fields(run.job),
        )
        if self._telemetry.active:
            self._telemetry.emit("job.stale", **job_fields(run.job))

    def lost(self, run: Execution, how: str) -> None:
        """The lease is lost, or may be: ``how`` ends the sentence."""
        log.warning("the lease of job %s is %s", run.job.id, how, extra=job_fields(run.job))
        if self._telemetry.active:
            self._telemetry.emit("job.lease_lost", **job_fields(run.job))

    def stuck(self, run: Execution) -> None:
        """The handler ignored its cancellation."""
        log.error(
            "job %s of task %s ignores its cancellation; the worker leaves it behind, and it will run again",
            run.job.id,
            run.job.task,
            extra=job_fields(run.job),
        )

    def not_known(self, run: Execution) -> None:
        """The task is not known here, or only an older version: logged once for each."""
        job = run.job
        newest = None if run.runnable is None else run.runnable.version
        if (job.task, job.task_version) not in self._not_known:
            self._not_known.add((job.task, job.task_version))
            if newest is None:
                known = ", ".join(sorted(self._known_tasks())) or "none"
                what = f"no task named {job.task!r} is registered here; its jobs wait for a worker that knows it"
                log.warning("%s. Known: %s", what, known, extra=job_fields(job))
            else:
                log.warning(
                    "task %r is version %d here; its jobs of version %d wait for a newer worker",
                    job.task,
                    newest,
                    job.task_version,
                    extra=job_fields(job),
                )
        if self._telemetry.active:
            self._telemetry.emit("job.not_known", **job_fields(job), version=job.task_version, newest=newest)

    def _log_end(self, run: Execution, outcome: Outcome | None) -> None:
        if isinstance(outcome, Failed):
            level, then = (
                (logging.WARNING, "it is dead")
                if outcome.retry_in is None
                else (logging.INFO, f"again in {outcome.retry_in}")
            )
            log.log(
                level,
                "job %s of task %s failed at attempt %d of %d: %s: %s; %s",
                run.job.id,
                run.job.task,
                run.job.attempt,
                run.job.max_attempts,
                outcome.error.type,
                _concealed(run, outcome.error.message),
                then,
                extra=job_fields(run.job),
            )
        elif isinstance(outcome, Discarded):
            log.warning(
                "job %s of task %s is discarded at attempt %d: %s; it is dead",
                run.job.id,
                run.job.task,
                run.job.attempt,
                _concealed(run, outcome.reason),
                extra=job_fields(run.job),
            )

    def _emit_end(self, run: Execution, outcome: Outcome | None) -> None:
        run_s = self._clock.monotonic() - run.begun_at
        error = getattr(outcome, "error", None)
        self._telemetry.emit(
            "job.finished",
            **job_fields(run.job),
            outcome="lost" if outcome is None else type(outcome).__name__.lower(),
            dead=isinstance(outcome, Discarded) or (isinstance(outcome, Failed) and outcome.retry_in is None),
            error=None if error is None else error.type,
            wait_s=max(0.0, (self._clock.now() - run.job.run_at).total_seconds() - run_s),
            run_s=run_s,
            cpu_s=run.usage.cpu_s,
            peak_rss_bytes=run.usage.peak_rss_bytes,
        )


def presentable(run: Execution, finish: Finish | None) -> Outcome | None:
    """The outcome without what views must not show: a trace is one. None where there is nothing to store."""
    if finish is None:
        return None
    outcome = finish.outcome
    if run.runnable is None or not isinstance(outcome, Failed | Discarded) or outcome.error is None:
        return outcome
    error = outcome.error
    message, traceback = _concealed(run, error.message), _concealed(run, error.traceback)
    return structs.replace(outcome, error=structs.replace(error, message=message, traceback=traceback))


def _concealed(run: Execution, text: str) -> str:
    return text if run.runnable is None else run.runnable.conceal(run.job, text)
