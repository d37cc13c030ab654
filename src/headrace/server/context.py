"""What a handler is given beside its request: the app, and who asks."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from headrace.app import Headrace
from headrace.config.server import ServerSettings
from headrace.server.auth import Principal
from headrace.server.event_hub import EventHub
from headrace.server.known import KnownTasks


class Context(Struct, frozen=True, kw_only=True):
    """Where an operation is carried out. ``closing`` is set when the server is about to stop: who waits, answers."""

    app: Headrace
    settings: ServerSettings
    known: KnownTasks
    closing: asyncio.Event
    hub: EventHub
    principal: Principal
