"""Traces for OpenTelemetry: a span for each enqueue, and one for each attempt that is linked to it.

Needs the extra ``otel``: ``pip install 'headrace[otel]'``. Only the API is used here; which spans are kept, and where
they go, is what the program's SDK says. Without one, nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import structs

from headrace._version import __version__
from headrace.app import Headrace
from headrace.errors import MissingExtra
from headrace.logs import add_fields
from headrace.model.correlation import correlation_of
from headrace.model.job import ErrorInfo, Job, NewJob
from headrace.model.outcome import Discarded, Failed, Outcome
from headrace.telemetry import Ended

try:
    from opentelemetry import trace
    from opentelemetry.context import Context
    from opentelemetry.trace import Link, Span, SpanKind, StatusCode, TracerProvider
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError:  # pragma: no cover  (tested in a process of its own)
    raise MissingExtra("opentelemetry-api", "otel") from None

TRACEPARENT = "traceparent"
"""In a job's ``meta``: the W3C trace context of who asked for the job, for a caller without a span of its own."""

_SYSTEM = "headrace"
_propagator = TraceContextTextMapPropagator()


class OpenTelemetry:
    """Attaches itself to an app and makes spans by the conventions for messaging; ``close`` detaches it.

    An enqueue is a ``producer`` span below the span of its caller, or below the ``traceparent`` in the job's ``meta``;
    many calls stored at once are one. An attempt is a ``consumer`` span: a trace of its own, because a job may run
    hours later and several times, with a link to the enqueue. It is current while the handler runs, so that what the
    handler traces is below it. Log lines get ``trace_id`` and ``span_id``.

    Attach it where jobs are enqueued and where they run. Raises UsageError when the app is traced already.

    >>> app = Headrace("memory://")
    >>> OpenTelemetry(app).close()
    """

    def __init__(self, app: Headrace, *, tracer_provider: TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("headrace", __version__, tracer_provider)
        self._detach = app.telemetry.trace(self)
        self._remove_fields = add_fields(_trace_fields)

    def close(self) -> None:
        """Trace no more. Closing twice does nothing."""
        self._detach()
        self._remove_fields()

    @contextmanager
    def enqueue(self, jobs: Sequence[NewJob]) -> Iterator[Sequence[NewJob]]:
        """The producer span; the jobs carry its trace context to the workers."""
        queues = {job.queue for job in jobs}
        queue = queues.pop() if len(queues) == 1 else None
        attributes = _attributes("enqueue", "send", queue)
        if len(jobs) == 1:
            attributes |= _about(jobs[0])
        else:
            attributes["messaging.batch.message_count"] = len(jobs)
        with self._tracer.start_as_current_span(
            f"enqueue {queue}" if queue else "enqueue",
            context=_parent_of(jobs),
            kind=SpanKind.PRODUCER,
            attributes=attributes,
        ):
            carrier: dict[str, str] = {}
            _propagator.inject(carrier)
            context = carrier.get(TRACEPARENT)
            yield jobs if context is None else [structs.replace(job, trace=context) for job in jobs]

    @contextmanager
    def attempt(self, job: Job) -> Iterator[Ended]:
        """The consumer span."""
        attributes = {
            **_attributes("process", "process", job.queue),
            **_about(job),
            "headrace.job.attempt": job.attempt,
            "headrace.job.max_attempts": job.max_attempts,
        }
        with self._tracer.start_as_current_span(
            f"process {job.queue}",
            context=Context(),
            kind=SpanKind.CONSUMER,
            links=_links(job),
            attributes=attributes,
        ) as span:
            yield lambda outcome: _record(span, outcome)

    def __repr__(self) -> str:
        return "<OpenTelemetry>"


def _attributes(name: str, kind: str, queue: str | None) -> dict[str, Any]:
    told = {"messaging.system": _SYSTEM, "messaging.operation.name": name, "messaging.operation.type": kind}
    return told if queue is None else {**told, "messaging.destination.name": queue}


def _about(job: NewJob | Job) -> dict[str, Any]:
    return {
        "messaging.message.id": job.id,
        "messaging.message.conversation_id": correlation_of(job),
        "messaging.message.body.size": len(job.payload),
        "headrace.task.name": job.task,
    }


def _parent_of(jobs: Sequence[NewJob]) -> Context | None:
    """The context a lone job names; None is the one of here. Many may name many, of which a span has but one."""
    if len(jobs) != 1 or TRACEPARENT not in jobs[0].meta:
        return None
    return _extracted(jobs[0].meta[TRACEPARENT])


def _extracted(traceparent: object) -> Context | None:
    """The context in a header; None for what is none, which is not worth an error."""
    if not isinstance(traceparent, str):
        return None
    context = _propagator.extract({TRACEPARENT: traceparent}, Context())
    return context if trace.get_current_span(context).get_span_context().is_valid else None


def _links(job: Job) -> list[Link]:
    context = _extracted(job.trace or job.meta.get(TRACEPARENT))
    return [] if context is None else [Link(trace.get_current_span(context).get_span_context())]


def _record(span: Span, outcome: Outcome | None) -> None:
    """Note how an attempt ended. The exception was caught long since, so it is told from what is stored of it."""
    span.set_attribute("headrace.job.outcome", "lost" if outcome is None else type(outcome).__name__.lower())
    match outcome:
        case None:
            span.set_status(StatusCode.ERROR, "the lease was lost")
        case Failed(error=error, retry_in=retry_in):
            if retry_in is not None:
                span.set_attribute("headrace.job.retry_in_s", retry_in.total_seconds())
            _fail(span, error)
        case Discarded(reason=reason, error=error):
            _fail(span, error or ErrorInfo(type="Discard", message=reason))


def _fail(span: Span, error: ErrorInfo) -> None:
    span.set_attribute("error.type", error.type)
    span.add_event(
        "exception",
        {
            "exception.type": error.type,
            "exception.message": error.message,
            "exception.stacktrace": error.traceback,
        },
    )
    span.set_status(StatusCode.ERROR, f"{error.type}: {error.message}")


def _trace_fields() -> Mapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": trace.format_trace_id(context.trace_id), "span_id": trace.format_span_id(context.span_id)}
