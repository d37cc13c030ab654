"""What commands ask of an app, they ask of a server in the same words: decision 46."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from inspect import Parameter
from typing import Any

from headrace import Headrace
from headrace.cli.remote.app import RemoteApp
from headrace.client import AsyncClient

PARTS = ("bulk", "events", "keys", "schedules", "triage", "backend")


def calls(of: object) -> dict[str, Any]:
    """The public methods."""
    found = {name: inspect.getattr_static(of, name) for name in dir(type(of)) if not name.startswith("_")}
    return {name: each for name, each in found.items() if inspect.isfunction(each)}


def stand_ins(app: Headrace) -> Iterator[tuple[str, object, object]]:
    """Each part of the stand-in, with what it stands for."""
    remote = RemoteApp(AsyncClient("http://localhost:1"))
    yield "app", remote, app
    for part in PARTS:
        yield f"app.{part}", getattr(remote, part), getattr(app, part)


def same(given: Parameter, known: Parameter | None) -> bool:
    """Whether a parameter is one that the app has: of that kind, with that default, or one that is a function, too."""
    if known is None or given.kind is not known.kind:
        return False
    return given.default == known.default or (callable(given.default) and callable(known.default))


async def test_the_stand_in_has_no_method_and_no_parameter_that_the_app_has_not() -> None:
    async with Headrace("memory://") as app:
        for part, remote, local in stand_ins(app):
            for name, call in calls(remote).items():
                known = inspect.signature(getattr(type(local), name)).parameters
                for each in inspect.signature(call).parameters.values():
                    # What is handed on unseen, ``**settings``, the client checks.
                    if each.kind is not Parameter.VAR_KEYWORD:
                        assert same(each, known.get(each.name)), f"{part}.{name} differs in {each}"
