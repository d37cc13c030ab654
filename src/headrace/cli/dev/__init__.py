"""``headrace dev``: a worker that follows the source."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from headrace.cli.guard import guard
from headrace.cli.output import note
from headrace.cli.session import session
from headrace.cli.settings import configuration


@click.command("dev")
@click.argument("app_name", metavar="[APP]", required=False)
@click.option("--store", metavar="URL", help="Use this store instead of the app's own.")
@click.option("--watch", "folders", multiple=True, type=click.Path(exists=True, path_type=Path), metavar="PATH",
              help="Look at this folder for changes. Repeatable. [this one]")  # fmt: skip
@click.option("--queue", "queues", multiple=True, metavar="NAME=N", help="As for headrace worker.")
@click.option("--port", type=click.IntRange(1, 65_535), metavar="PORT", help="Serve HTTP there. [8080]")
@click.option("--no-server", is_flag=True, help="Run a worker alone.")
@click.option("--no-reload", is_flag=True, help="Do not look for changes.")
def command(
    app_name: str | None,
    store: str | None,
    folders: tuple[Path, ...],
    queues: tuple[str, ...],
    port: int | None,
    no_server: bool,
    no_reload: bool,
) -> int:
    """Run a worker for the tasks of APP and a server for its jobs, and start both again whenever a file changes.

    Running jobs end before it starts again; what takes longer than five seconds is released and runs again. A file
    that does not import is told, and the next change tried. Ctrl-C ends it. Without APP it is the setting app.

    \b
    Examples:
      headrace dev app:app
      headrace dev app:app --store sqlite:///dev.db --watch .
    """
    from headrace.cli.dev.reloading import Reloader
    from headrace.cli.dev.watching import changes
    from headrace.cli.loading import named_app

    found = configuration()
    named_app(app_name)  # so that a missing name is told once, here
    url = store or found.settings.store
    if url:
        guard(url)
    config = session().config
    place = [
        *(["--config", config] if config else []),
        *([app_name] if app_name else []),
        *(["--store", url] if url else []),
    ]
    words = [*place, *(word for queue in queues for word in ("--queue", queue))]
    look = None if no_reload else changes(list(folders) or [Path.cwd()])
    server = None if no_server else _server_words(place, port)
    return Reloader(words, look, server=server).run()


def _server_words(place: list[str], port: int | None) -> list[str] | None:
    """How to call ``headrace server``; None, with a note, where its extra is not installed."""
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        note("no server is run, because the extra is not installed: pip install 'headrace[server]'")
        return None
    return [*place, *([] if port is None else ["--port", str(port)])]
