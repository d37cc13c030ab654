# Made from headrace/client/aio/limits.py by tests/client/unasync.py. Change that file, and run it again.
"""Limits, over the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from headrace.client.blocking.sending import Sender
from headrace.client.core.request import request
from headrace.client.core.task_call import plain_option
from headrace.wire.base import Listed
from headrace.wire.limits import LimitOf, LimitRemoved, LimitView, SetLimit

if TYPE_CHECKING:
    from headrace.app.limiting import Figures


class Limits:
    """What can be asked of limits. The client has these methods."""

    _sender: Sender

    def limits(self) -> list[LimitView]:
        """Every limit, with what is in use of it, who holds it, who waits and when the next token comes."""
        return list(self._sender.send(request("GET", "/v1/limits", Listed[LimitView])).items)

    def limit_usage(self, target: str) -> LimitView:
        """How one limit stands. Raises UsageError where nothing limits that target."""
        return self._sender.send(request("GET", "/v1/limits/usage", LimitView, LimitOf(target=target)))

    def limit(self, target: str, **figures: Unpack[Figures]) -> LimitView:
        """Limit ``store``, ``queue:QUEUE``, ``task:TASK``, ``keys:QUEUE`` (each key) or ``key:QUEUE:KEY`` (one key).

        What is not given stays; None takes a figure away.
        """
        message = SetLimit(target=target, **{name: plain_option(value) for name, value in figures.items()})
        return self._sender.send(request("PUT", "/v1/limits", LimitView, message))

    def remove_limit(self, target: str) -> bool:
        """Take a limit away; answers whether there was one."""
        asked = request("DELETE", "/v1/limits", LimitRemoved, LimitOf(target=target))
        return self._sender.send(asked).removed
