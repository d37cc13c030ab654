"""Job events: the journal as a stream, and in pages."""

from __future__ import annotations

from headrace.app.events import event_filter
from headrace.errors import ConfigError
from headrace.model.durations import ZERO
from headrace.model.event import EventFilter
from headrace.server.context import Context
from headrace.server.event_stream import MEDIA_TYPE, EventStream
from headrace.server.listening import Audience
from headrace.server.operation import operation
from headrace.wire.base import duration
from headrace.wire.events import EventsRead, EventsWanted, ReadEvents, WatchEvents, event_view
from headrace.wire.scopes import Scope


@operation(
    "GET",
    "/v1/events",
    scope=Scope.EVENTS_READ,
    statuses={200: "The stream."},
    problems=(422, 501),
    headers={"last_event_id": "Last-Event-ID"},
    media=MEDIA_TYPE,
)
async def watch(context: Context, request: WatchEvents) -> EventStream:
    """Watch jobs change, as Server-Sent Events.

    Each event has the journal's sequence as its id, its kind as its name, and JSON as its data. Coming back with
    Last-Event-ID, or with after, goes on where it was; an event named lost tells that some are not kept any more. A
    listener that is too slow gets an event named dropped, and is let go. Comments keep the connection alive.
    """
    after = _last_of(request)
    listener, position = await context.hub.join(_audience(context, request))
    return EventStream(context, listener, position, after)


@operation("GET", "/v1/events/page", scope=Scope.EVENTS_READ, problems=(422, 501))
async def read(context: Context, request: ReadEvents) -> EventsRead:
    """Read a page of the journal, the oldest event first; with wait, as soon as there is one.

    The journal is off until somebody watches it, a webhook needs it, or app.events.enable() switches it on.
    """
    audience = _audience(context, request)
    wait = min(duration("wait", request.wait) or ZERO, context.state.settings.wait_max)
    page = await context.app.events.read(after=request.after, limit=request.limit, wait=wait)
    return EventsRead(
        items=[event_view(event) for event in page.events if audience.hears(event)],
        last=page.last,
        lost=page.lost,
        oldest=page.oldest,
        newest=page.newest,
    )


def _audience(context: Context, request: EventsWanted) -> Audience:
    return Audience(_filter(request), context.principal.queues)


def _filter(request: EventsWanted) -> EventFilter:
    words = {name: _words(getattr(request, name)) for name in EventsWanted.__struct_fields__}
    return event_filter(**words)


def _words(text: str) -> list[str]:
    return [word for each in text.split(",") if (word := each.strip())]


def _last_of(request: WatchEvents) -> int | None:
    if not request.last_event_id:
        return request.after
    if not request.last_event_id.isascii() or not request.last_event_id.isdigit():
        message = f"last_event_id: the id of an event is a number; got {request.last_event_id!r}"
        raise ConfigError(message)
    return int(request.last_event_id)
