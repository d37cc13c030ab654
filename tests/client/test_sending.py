"""What is sent again, after how long, and what is told when nothing helps."""

from __future__ import annotations

import json

import httpx2
import pytest

from headrace import errors
from headrace.client import Client, call
from headrace.client.core.retries import DELAY_S_MAX, Failure, Retries
from tests.client.conftest import Answer, Script, problem

QUEUES: dict[str, list[object]] = {"items": []}
LOST = httpx2.ReadError("connection reset")
REFUSED = httpx2.ConnectError("nobody listens")


def submitted(request: httpx2.Request, **flags: bool) -> httpx2.Response:
    sent = json.loads(request.content)
    return httpx2.Response(200, json={"id": sent["job_id"], "task": sent["task"], **flags})


def unavailable() -> httpx2.Response:
    return problem(503, "HR-E0601", "locked", retryable=True, headers={"retry-after": "3"})


@pytest.mark.parametrize("first", [LOST, REFUSED, unavailable(), httpx2.Response(502, text="<html>")])
def test_a_read_is_sent_again(client: Client, script: Script, first: Answer) -> None:
    script.answers = [first, httpx2.Response(200, json=QUEUES)]
    assert client.queues() == []
    assert [request.url.path for request in script.requests] == ["/v1/queues", "/v1/queues"]
    assert script.requests[1].headers["authorization"] == "Bearer hr_secret"


def test_what_cannot_be_done_twice_is_sent_again_only_where_it_was_not_done(client: Client, script: Script) -> None:
    done = httpx2.Response(200, json={"id": "j", "state": "queued", "changed": True})
    answers: list[Answer] = [REFUSED, unavailable()]
    for answer in answers:
        script.answers = [answer, done]
        [changed] = client.retry(["j"])
        assert changed.changed
    answers = [LOST, httpx2.Response(502, text="<html>")]
    for answer in answers:
        script.answers = [answer]
        with pytest.raises(errors.Unavailable):
            client.retry(["j"])


def test_an_enqueue_is_sent_again_with_the_same_id_and_finds_itself_without_being_a_duplicate(
    client: Client, script: Script
) -> None:
    first: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        first.append(request)
        if len(first) == 1:
            raise LOST
        return submitted(request, duplicate=True)

    with Client("http://headrace.test", transport=httpx2.MockTransport(answer)) as client:
        job = client.enqueue("greet", "Ada")
    assert first[0].content == first[1].content
    assert job.id == json.loads(first[0].content)["job_id"]
    assert not job.duplicate


def test_a_duplicate_that_was_not_sent_again_is_one(script: Script) -> None:
    with Client(
        "http://headrace.test", transport=httpx2.MockTransport(lambda request: submitted(request, duplicate=True))
    ) as client:
        assert client.enqueue(call("greet").options(idempotency_key="welcome:7")).duplicate


def test_it_waits_as_long_as_the_server_asks(client: Client, script: Script) -> None:
    script.answers = [unavailable(), unavailable(), httpx2.Response(200, json=QUEUES)]
    client.queues()
    assert all(3 <= pause <= 3.2 for pause in script.pauses)
    assert len(script.pauses) == 2


def test_a_server_that_asks_for_minutes_is_not_waited_for(client: Client, script: Script) -> None:
    script.answers = [problem(503, "HR-E0601", "locked", retryable=True, headers={"retry-after": "3600"})]
    with pytest.raises(errors.Unavailable, match="locked"):
        client.queues()


def test_pauses_grow_to_five_seconds_and_end_after_four(client: Client, script: Script) -> None:
    script.answers = [REFUSED] * 5
    with pytest.raises(errors.Unavailable, match=r"http://headrace\.test did not answer: ConnectError: nobody listens"):
        client.queues()
    assert len(script.pauses) == 4
    assert all(pause <= 0.1 * 2**done for done, pause in enumerate(script.pauses))
    request = script.requests[0]
    assert request.method == "GET"
    asked = Retries(most=100).delay  # far into an outage
    from headrace.client.core.request import request as make

    delays = [asked(make("GET", "/v1/queues", dict), Failure(error=REFUSED), 60) for _ in range(100)]
    assert all(delay is not None and delay <= DELAY_S_MAX for delay in delays)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (problem(401, "HR-E0410", "no token was sent", fix="send the header"), errors.AccessDenied, "send the header"),
        (problem(403, "HR-E0411", "this needs the scope jobs:read"), errors.AccessDenied, "jobs:read"),
        (problem(404, "HR-E0301", "the store holds no job abc: gone"), errors.JobNotFound, "no job abc"),
        (problem(413, "HR-E0217", "too large"), errors.TooLarge, "too large"),
        (problem(409, "HR-E0502", "the same key"), errors.IdempotencyConflict, "the same key"),
        (problem(501, "HR-E0216", "no journal"), errors.Unsupported, "no journal"),
        (problem(422, "HR-E0281", "limit: too many"), errors.ConfigError, "limit"),
        (problem(404, "HR-E0303", "there is no queue 'mial'"), errors.UsageError, "mial"),
        (problem(404, "HR-E0320", "there is nothing at /v9"), errors.ServiceError, "older release than this client"),
        (problem(500, "HR-E0101", "a fault", request_id="r-1"), errors.ServiceError, "a fault"),
        (httpx2.Response(404, text="nginx"), errors.ServiceError, "no problem of headrace, but 404: 'nginx'"),
        (httpx2.Response(200, text="<html>"), errors.ServiceError, "Another program"),
        (httpx2.Response(200, json={"items": [{"id": 7}]}), errors.ServiceError, "cannot be read"),
    ],
)
def test_an_answer_is_the_exception_that_the_library_would_raise(
    client: Client, script: Script, answer: httpx2.Response, error: type[Exception], words: str
) -> None:
    script.answers = [answer]
    with pytest.raises(error, match=words) as caught:
        client.find()
    if isinstance(caught.value, errors.JobNotFound):
        assert caught.value.job_id == "abc"
    if isinstance(caught.value, errors.ServiceError) and caught.value.status == 500:
        assert (caught.value.code, caught.value.request_id) == ("HR-E0101", "r-1")


def test_arguments_and_options_that_cannot_cross_are_refused_before_anything_is_sent(client: Client) -> None:
    with pytest.raises(errors.UsageError, match="by position or by name, not both"):
        client.enqueue("greet", "Ada", polite=False)
    with pytest.raises(errors.ConfigError, match="there is no option 'codec' over HTTP"):
        call("greet").options(codec="json")
    with pytest.raises(errors.UsageError, match="has its arguments already"):
        client.enqueue(call("greet"), "Ada")
    with pytest.raises(errors.ConfigError, match=r"ids takes several, in a list: \['abc'\]"):
        client.cancel("abc")
    with pytest.raises(errors.UsageError, match="is the address of a headrace server"):
        Client("sqlite:///jobs.db")
