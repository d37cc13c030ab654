"""When to send a request again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from headrace.client.core.request import Request
from headrace.wire.problems import Problem

RETRIES_DEFAULT = 4
DELAY_S_FIRST = 0.1
DELAY_S_MAX = 5.0
RETRY_AFTER_S_MAX = 60.0
"""A server that asks for more is away: its caller should hear of it."""


class Failure(Struct, frozen=True, kw_only=True):
    """Why a request has no reply.

    sent: the service may have got it. False when there was no connection to send it on.
    problem: what the service answered; None when nothing came.
    retry_after_s: how long the service asks to wait.
    """

    error: Exception
    sent: bool = True
    problem: Problem | None = None
    retry_after_s: float | None = None


class Retries(Struct, frozen=True, kw_only=True):
    """How often at most, and how long between: full jitter, doubling from 0.1 s to 5 s."""

    most: int = RETRIES_DEFAULT

    def delay(self, request: Request[Any], failure: Failure, done: int) -> float | None:
        """How long to wait before it is sent again; None to give up. ``done`` counts the retries so far."""
        if done >= self.most or not _may_be_sent_again(request, failure):
            return None
        if failure.retry_after_s is not None:
            if failure.retry_after_s > RETRY_AFTER_S_MAX:
                return None
            # All who were sent away come back at the same time, unless they do not.
            return failure.retry_after_s + random.uniform(0, DELAY_S_FIRST)
        return random.uniform(0, min(DELAY_S_MAX, DELAY_S_FIRST * 2**done))


def _may_be_sent_again(request: Request[Any], failure: Failure) -> bool:
    if not failure.sent:
        return True
    if failure.problem is None:
        return request.safe
    if not failure.problem.retryable:
        return False
    # The service says that nothing was done; something in between cannot know.
    return request.safe or bool(failure.problem.code)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds in the header; a date, which it could also be, is not worth a comparison of clocks."""
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None
