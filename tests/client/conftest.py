"""A client whose answers are written down, and whose pauses are noted instead of waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from headrace.client import Client
from headrace.client.blocking.pausing import Pauses

Answer = httpx2.Response | Exception


class Script:
    """Answers requests one after the other, and remembers them."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[httpx2.Request] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setattr(Pauses, "wait", lambda pauses, seconds: script.pauses.append(seconds))
    return script


@pytest.fixture
def client(script: Script) -> Iterator[Client]:
    with Client("http://headrace.test", token="hr_secret", transport=httpx2.MockTransport(script)) as client:
        yield client


def problem(status: int, code: str, detail: str = "no", **fields: Any) -> httpx2.Response:
    """A problem as the service sends it."""
    headers = fields.pop("headers", {})
    body = {"type": "urn:x", "title": "x", "status": status, "code": code, "detail": detail, **fields}
    return httpx2.Response(status, json=body, headers=headers)


MakeAnswer = Callable[[], Answer]
