"""Traces: which spans there are, what links them, and what they tell of a failure."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Iterator
from typing import Annotated

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from oteltap.oteltap_http_protobuf_receiver import OtelTapHttpProtobufReceiver
from oteltap.oteltap_http_protobuf_receiver_settings import OtelTapHttpProtobufReceiverSettings

from headrace import Discard, Fixed, Headrace, Never, Secret, Snooze, correlate, hours
from headrace.backends.memory import MemoryBackend
from headrace.contrib.opentelemetry import OpenTelemetry
from headrace.errors import JobFailed, Unavailable, UsageError
from headrace.logs.formatters import make_formatter
from headrace.model.durations import ZERO
from headrace.testing.faults import FaultyBackend, Script, refused

INCOMING = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Traced:
    """An app whose spans are kept, and the spans by name and order."""

    def __init__(self) -> None:
        self.app = Headrace("memory://")
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("test")
        self.tracing = OpenTelemetry(self.app, tracer_provider=self.provider)

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.name == name]


@pytest.fixture
def traced() -> Iterator[Traced]:
    made = Traced()
    yield made
    made.tracing.close()


def context_of(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def links_of(span: ReadableSpan) -> list[tuple[int, int]]:
    return [(link.context.trace_id, link.context.span_id) for link in span.links]


def attributes_of(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


async def test_each_attempt_is_a_trace_of_its_own_linked_to_the_enqueue(traced: Traced) -> None:
    app, tries = traced.app, []

    @app.task(name="flaky", queue="mail", retry=Fixed(every=ZERO, attempts=2))
    async def flaky() -> None:
        tries.append(1)
        with traced.tracer.start_as_current_span("inside"):
            if len(tries) == 1:
                raise ValueError("no luck")

    async with app, app.worker(queues=["mail"]):
        with traced.tracer.start_as_current_span("request"), correlate("request-7"):
            job = await flaky.enqueue()
        await job.result(timeout=20)
    [request], [send], attempts = traced.spans("request"), traced.spans("enqueue mail"), traced.spans("process mail")

    assert (send.kind, send.parent and send.parent.span_id) == (SpanKind.PRODUCER, context_of(request)[1])
    assert attributes_of(send) == {
        "messaging.system": "headrace",
        "messaging.operation.name": "enqueue",
        "messaging.operation.type": "send",
        "messaging.destination.name": "mail",
        "messaging.message.id": job.id,
        "messaging.message.conversation_id": "request-7",
        "messaging.message.body.size": 2,
        "headrace.task.name": "flaky",
    }
    assert [(span.kind, span.parent, links_of(span)) for span in attempts] == [
        (SpanKind.CONSUMER, None, [context_of(send)])
    ] * 2
    assert len({context_of(span)[0] for span in (send, *attempts)}) == 3
    assert [context_of(inner)[0] for inner in traced.spans("inside")] == [context_of(span)[0] for span in attempts]
    first, second = attempts
    assert (first.status.status_code, first.status.description) == (StatusCode.ERROR, "ValueError: no luck")
    [event] = first.events
    assert event.attributes is not None
    assert event.attributes["exception.type"] == "ValueError"
    assert "raise ValueError" in str(event.attributes["exception.stacktrace"])
    assert (second.status.status_code, attributes_of(second)["headrace.job.outcome"]) == (StatusCode.UNSET, "completed")
    assert attributes_of(second)["messaging.operation.type"] == "process"
    assert attributes_of(second)["headrace.job.attempt"] == 2


async def test_many_calls_are_one_span_and_every_attempt_is_linked_to_it(traced: Traced) -> None:
    app = traced.app

    @app.task(name="greet", queue="mail")
    def greet() -> None: ...

    async with app, app.worker(queues=["mail"]):
        for handle in await app.enqueue_many([greet.call() for _ in range(5)]):
            await handle.result(timeout=20)
    [send] = traced.spans("enqueue mail")
    assert attributes_of(send)["messaging.batch.message_count"] == 5
    assert [links_of(span) for span in traced.spans("process mail")] == [[context_of(send)]] * 5


async def test_an_incoming_traceparent_is_the_parent_of_the_enqueue(traced: Traced) -> None:
    @traced.app.task(name="greet", queue="mail")
    async def greet() -> None: ...

    async with traced.app:
        await greet.options(meta={"traceparent": INCOMING}).enqueue()
        await greet.options(meta={"traceparent": "nonsense"}).enqueue()
    first, second = traced.spans("enqueue mail")
    assert trace.format_trace_id(context_of(first)[0]) == INCOMING.split("-")[1]
    assert first.parent is not None
    assert trace.format_span_id(first.parent.span_id) == INCOMING.split("-")[2]
    assert second.parent is None


async def test_an_attempt_is_linked_to_a_caller_that_was_not_traced_itself(traced: Traced) -> None:
    traced.tracing.close()

    @traced.app.task(name="greet", queue="mail")
    async def greet() -> None: ...

    async with traced.app:
        job = await greet.options(meta={"traceparent": INCOMING}).enqueue()
        assert (await job.get()).trace is None
        tracing = OpenTelemetry(traced.app, tracer_provider=traced.provider)
        async with traced.app.worker(queues=["mail"]):
            await job.result(timeout=20)
    tracing.close()
    [span] = traced.spans("process mail")
    assert [trace.format_trace_id(link[0]) for link in links_of(span)] == [INCOMING.split("-")[1]]


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [(Discard("bad input"), "discarded", StatusCode.ERROR), (Snooze(hours(1)), "snoozed", StatusCode.UNSET)],
)
async def test_what_a_handler_decides_is_told(
    traced: Traced, error: BaseException, outcome: str, code: StatusCode
) -> None:
    ended = asyncio.Event()
    traced.app.telemetry.attach(lambda name, _: ended.set() if name == "job.finished" else None)

    @traced.app.task(name="decides")
    async def decides() -> None:
        raise error

    async with traced.app, traced.app.worker():
        await decides.enqueue()
        async with asyncio.timeout(20):
            await ended.wait()
    [span] = traced.spans("process default")
    assert (attributes_of(span)["headrace.job.outcome"], span.status.status_code) == (outcome, code)


async def test_a_store_that_refuses_fails_the_span(traced: Traced) -> None:
    plan = Script({("jobs.enqueue_many", 1): refused("the disk is gone")})
    app = Headrace(backend=FaultyBackend(MemoryBackend(), plan))
    tracing = OpenTelemetry(app, tracer_provider=traced.provider)

    @app.task(name="greet")
    async def greet() -> None: ...

    async with app:
        with pytest.raises(Unavailable, match="the disk is gone"):
            await greet.enqueue()
    tracing.close()
    [span] = traced.spans("enqueue default")
    assert span.status.status_code is StatusCode.ERROR
    assert [event.name for event in span.events] == ["exception"]


@pytest.mark.parametrize("error", [ValueError, Discard])
async def test_a_span_does_not_show_what_the_task_redacts(traced: Traced, error: type[BaseException]) -> None:
    @traced.app.task(name="login", queue="mail", retry=Never())
    async def login(password: Annotated[str, Secret]) -> None:
        raise error(f"wrong: {password}")

    async with traced.app, traced.app.worker(queues=["mail"]):
        job = await login.enqueue("hunter2-secret")
        with pytest.raises(JobFailed):
            await job.result(timeout=20)
    [span] = traced.spans("process mail")
    assert span.status.status_code is StatusCode.ERROR
    assert "hunter2-secret" not in span.to_json()


async def test_log_lines_of_a_handler_carry_the_ids_of_its_trace(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[dict[str, dict[str, str]]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(make_formatter("json").format(record)))

    log = logging.getLogger("shop.traced")
    log.addHandler(Keep())

    @traced.app.task(name="greet", queue="mail")
    def greet() -> None:
        log.warning("hello")

    async with traced.app, traced.app.worker(queues=["mail"]):
        await (await greet.enqueue()).result(timeout=20)
    log.handlers.clear()
    [span] = traced.spans("process mail")
    trace_id, span_id = context_of(span)
    assert lines[0]["fields"]["trace_id"] == trace.format_trace_id(trace_id)
    assert lines[0]["fields"]["span_id"] == trace.format_span_id(span_id)
    assert lines[0]["fields"]["task"] == "greet"


def test_an_app_is_traced_once(traced: Traced) -> None:
    with pytest.raises(UsageError, match="traced already, by <OpenTelemetry>; detach it first"):
        OpenTelemetry(traced.app)


async def test_spans_arrive_at_a_collector_over_otlp() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app, provider = Headrace("memory://"), TracerProvider()
    exporter = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{port}/v1/traces")

    @app.task(name="fails", queue="mail", retry=Fixed(every=ZERO, attempts=1))
    async def fails() -> None:
        raise ValueError("no luck")

    async with OtelTapHttpProtobufReceiver(OtelTapHttpProtobufReceiverSettings(http_port=port)) as collector:
        send = asyncio.ensure_future(collector.await_trace(lambda span: span.name == "enqueue mail", 20))
        process = asyncio.ensure_future(collector.await_trace(lambda span: span.name == "process mail", 20))
        await asyncio.sleep(0)
        kept = InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(kept))
        tracing = OpenTelemetry(app, tracer_provider=provider)
        async with app, app.worker(queues=["mail"]):
            job = await fails.enqueue()
            with pytest.raises(JobFailed):
                await job.result(timeout=20)
        tracing.close()
        await asyncio.to_thread(exporter.export, kept.get_finished_spans())
        enqueued, attempt = await send, await process
    exporter.shutdown()  # type: ignore[no-untyped-call]
    assert [(link.trace_id, link.span_id) for link in attempt.links] == [(enqueued.trace_id, enqueued.span_id)]
    assert attempt.status.message == "ValueError: no luck"
    assert [event.name for event in attempt.events] == ["exception"]
