"""Server-Sent Events, read as their bytes come, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from headrace.errors import EventsLost
from headrace.wire.events import EventView

_read_event = msgspec.json.Decoder(EventView).decode


class _Lost(Struct, frozen=True):
    after: int
    oldest: int
    newest: int


class EventReader:
    """Makes events of the bytes of a stream. ``last`` is where to go on when the connection breaks.

    >>> reader = EventReader(None)
    >>> [*reader.feed(b'id: 7\\nevent: none\\nda'), *reader.feed(b'ta: {}\\n\\n: still here\\n\\n')], reader.last
    ([], 7)
    """

    def __init__(self, last: int | None) -> None:
        self.last = last
        self._rest = b""

    def reconnected(self) -> None:
        """Forget half an event: it comes again."""
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[EventView]:
        """The events that end in these bytes. Raises EventsLost where some are not kept any more."""
        *blocks, self._rest = (self._rest + data).replace(b"\r\n", b"\n").split(b"\n\n")
        for block in blocks:
            event = self._event(block)
            if event is not None:
                yield event

    def _event(self, block: bytes) -> EventView | None:
        fields: dict[bytes, bytes] = {}
        for line in block.split(b"\n"):
            name, _, value = line.partition(b":")
            if name:
                value = value.removeprefix(b" ")
                fields[name] = fields[name] + b"\n" + value if name == b"data" and name in fields else value
        number = fields.get(b"id", b"")
        if number.isdigit():
            self.last = int(number)
        if fields.get(b"event") == b"lost":
            raise self._lost(fields.get(b"data", b""))
        return _read_event(fields[b"data"]) if fields.get(b"event", b"").startswith(b"job.") else None

    def _lost(self, data: bytes) -> EventsLost:
        found = msgspec.json.decode(data, type=_Lost)
        last = max(found.oldest - 1, 0)
        return EventsLost(
            f"the events after {found.after} are not kept any more; the journal holds {found.oldest} to "
            f"{found.newest}. Go on after {last}",
            last=last,
        )
