"""The tasks of the application whose store is upgraded: the same before and after."""

from __future__ import annotations

from headrace import Exponential, Headrace, seconds

QUEUES = ("mail", "counts", "paused", "of-running", "reports")


def make_app(url: str) -> Headrace:
    """An app on a store, with the tasks of the jobs in it."""
    app = Headrace(url)

    @app.task(name="greet", queue="mail", retry=Exponential(base=seconds(1), attempts=3))
    async def greet(name: str) -> str:
        return f"Hello, {name}!"

    @app.task(name="count", queue="counts", codec="msgpack")
    def count(numbers: list[int]) -> int:
        return sum(numbers)

    return app
