"""``headrace server APP``."""

from __future__ import annotations

from datetime import timedelta

import click
from msgspec import structs

from headrace.cli.durations import Duration
from headrace.cli.faults import Exit, Fault
from headrace.cli.guard import guard
from headrace.cli.settings import configuration


@click.command("server")
@click.argument("app_name", metavar="[APP]", required=False)
@click.option("--store", metavar="URL", help="Use this store instead of the app's own.")
@click.option("--host", metavar="ADDRESS", help="Listen there; another than loopback needs a token. [127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), metavar="PORT", help="0: any free one. [8080]")
@click.option("--grace", type=Duration(), metavar="TIME", help="How long a stopping server lets requests finish. [30s]")
@click.option("--no-docs", is_flag=True, help="Do not serve the interactive documentation.")
@click.option("--log-format", type=click.Choice(["pretty", "compact", "json"]), help="For people, or for machines.")
@click.option("--log-level", metavar="LEVELS", help="Such as warning, or info,headrace.server=debug. [info]")
def command(
    app_name: str | None,
    store: str | None,
    host: str | None,
    port: int | None,
    grace: timedelta | None,
    no_docs: bool,
    log_format: str | None,
    log_level: str | None,
) -> int:
    """Serve the jobs of APP over HTTP until it is told to stop. Without APP it is the setting app.

    What there is to call is shown at /docs. On loopback everybody may do everything, until the first API key is made;
    on another address callers need a key, or the token of the setting server.token (HEADRACE_SERVER_TOKEN).

    \b
    Examples:
      headrace server app:app
      headrace server app:app --port 9000 --store sqlite:///jobs.db
      HEADRACE_SERVER_TOKEN=... headrace server app:app --host 0.0.0.0
    """
    from headrace.cli.loading import load_named_app
    from headrace.cli.worker.logs import log_config, written_log
    from headrace.logs import set_up_logging
    from headrace.server.serving import run

    found = configuration()
    given = {"host": host, "port": port, "grace": grace, "docs": False if no_docs else None}
    settings = structs.replace(
        found.settings.server, **{name: value for name, value in given.items() if value is not None}
    )
    _, app = load_named_app(app_name)
    url = store or found.settings.store
    if url:
        guard(url)
        app.use_store(url)
    set_up_logging(log_config(log_format, log_level, None, 0, written_log(found, None)))
    try:
        run(app, settings)
    except OSError as error:
        raise Fault(
            Exit.USAGE,
            "62",
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}",
            notes=["another program may have the port"],
            fixes=["--port 0 takes a free one and logs it"],
        ) from None
    return Exit.DONE
