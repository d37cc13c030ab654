"""What lies around the handlers of an app, as it was declared: what they are given and the middleware they run in."""

from __future__ import annotations

from headrace.engine.middleware import Middleware
from headrace.engine.providers import Providers


class Surroundings:
    """What an app declares: its providers, its middleware, and the modules that did so, which a child must import."""

    def __init__(self) -> None:
        self.providers = Providers()
        self.middleware: list[Middleware] = []
        self.modules: dict[str, None] = {}
