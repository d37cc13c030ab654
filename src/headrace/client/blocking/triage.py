# Made from headrace/client/aio/triage.py by tests/client/unasync.py. Change that file, and run it again.
"""Marks on groups of errors, over the network."""

from __future__ import annotations

from headrace.client.blocking.sending import Sender
from headrace.client.core.request import request
from headrace.wire.errors import ErrorMarked, MarkError


class Triage:
    """What ``client.triage`` is: the names of ``app.triage``. Groups are known by their fingerprints."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def resolve(self, fingerprint: str, *, note: str = "") -> ErrorMarked:
        """Say that it is mended as of now; what fails so from now on has regressed. Raises UsageError for no such."""
        return self._mark("resolve", fingerprint, MarkError(fingerprint=fingerprint, note=note))

    def ignore(self, fingerprint: str, *, note: str = "") -> ErrorMarked:
        """Say that nobody needs to look at it, also when more jobs fail so. Raises UsageError for no such."""
        return self._mark("ignore", fingerprint, MarkError(fingerprint=fingerprint, note=note))

    def reopen(self, fingerprint: str) -> ErrorMarked:
        """Take back what was said of it."""
        return self._mark("reopen", fingerprint, None)

    def _mark(self, verb: str, fingerprint: str, message: MarkError | None) -> ErrorMarked:
        path = f"/v1/errors/{{fingerprint}}/{verb}"
        return self._sender.send(request("POST", path, ErrorMarked, message, safe=True, fingerprint=fingerprint))
