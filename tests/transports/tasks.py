"""The tasks of the scenarios."""

from __future__ import annotations

from headrace import Headrace, Never, current_job


def make_app(url: str) -> Headrace:
    """An app on the store, with tasks that succeed, fail and say something."""
    app = Headrace(url)

    @app.task(name="greet", queue="mail")
    async def greet(name: str, polite: bool = True) -> str:
        current_job().log(f"greeting {name}")
        return f"Hello, {name}!" if polite else name

    @app.task(name="fail", queue="mail", retry=Never())
    async def fail(message: str) -> None:
        raise ValueError(message)

    return app
