"""``headrace worker APP``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from headrace.cli.durations import Duration
from headrace.cli.faults import usage
from headrace.cli.guard import guard
from headrace.cli.settings import configuration

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("run")
@click.argument("app_name", metavar="[APP]", required=False)
@click.option(
    "--queue", "queues", multiple=True, metavar="NAME=N", help="Serve this queue, N jobs at once. Repeatable."
)
@click.option("--store", metavar="URL", help="Use this store instead of the app's own.")
@click.option("--concurrency", type=click.IntRange(1), metavar="N", help="Jobs at once of a queue without N. [10]")
@click.option("--grace", type=Duration(), metavar="TIME", help="How long a stopping worker lets jobs finish. [30s]")
@click.option("--lease", type=Duration(), metavar="TIME", help="How long it may be silent and keep its jobs. [30s]")
@click.option("--prefetch", type=click.IntRange(0), metavar="N", help="Jobs claimed ahead. [twice as many as run]")
@click.option("--no-upkeep", is_flag=True, help="Leave promoting, rescuing and pruning to other workers.")
@click.option(
    "--log-format",
    type=click.Choice(["pretty", "compact", "json"]),
    help="For people, or for machines. [compact]",
)
@click.option("--log-level", metavar="LEVELS", help="Such as warning, or info,headrace.sqlite=debug. [info]")
@click.option("--log-file", metavar="PATH", help="Log there instead of to stderr; rotated by size.")
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve /metrics, /health/live and /health/ready there. 0: any free one.",
)
@click.option("--metrics-host", default="127.0.0.1", metavar="HOST", help="Where to serve them. [127.0.0.1]")
@click.option("-v", "--verbose", count=True, help="Log each job; twice: everything.")
def command(
    app_name: str | None,
    queues: tuple[str, ...],
    store: str | None,
    concurrency: int | None,
    grace: timedelta | None,
    lease: timedelta | None,
    prefetch: int | None,
    no_upkeep: bool,
    log_format: str | None,
    log_level: str | None,
    log_file: str | None,
    metrics_port: int | None,
    metrics_host: str,
    verbose: int,
) -> int:
    """Run a worker for the tasks of APP until it is told to stop. Without APP it is the setting app.

    \b
    Examples:
      headrace worker run app:app --queue mail=20
      headrace worker app:app -v --log-format json
      headrace worker app:app --metrics-port 9100
    """
    from headrace.app.worker import WorkerSettings
    from headrace.cli.loading import load_named_app
    from headrace.cli.worker.life import run_worker
    from headrace.cli.worker.logs import log_config, written_log
    from headrace.cli.worker.queues import choose_queues
    from headrace.logs import set_up_logging

    found = configuration()
    app_name, app = load_named_app(app_name)
    _refuse_without_tasks(app, app_name)
    url = store or found.settings.store
    if url:
        guard(url)
        app.use_store(url)
    written_down = found.given("worker")
    configured = written_down.pop("queues", None)
    settings = WorkerSettings(**written_down)  # type: ignore[typeddict-item]
    if grace is not None:
        settings["grace"] = grace
    if lease is not None:
        settings["lease"] = lease
    if prefetch is not None:
        settings["prefetch"] = prefetch
    if no_upkeep:
        settings["upkeep"] = False
    chosen = choose_queues(app, queues, concurrency, configured)
    worker = app.worker(chosen, **settings)
    set_up_logging(log_config(log_format, log_level, log_file, verbose, written_log(found, log_file)))
    metrics = None if metrics_port is None else (metrics_host, metrics_port)
    tell_jobs = verbose > 0 or found.settings.log.verbose
    return run_worker(app, worker, chosen or app.worker_config.queues, verbose=tell_jobs, metrics=metrics)


def _refuse_without_tasks(app: Headrace, app_name: str) -> None:
    if app.tasks:
        return
    raise usage(
        f"{app_name} has no tasks, so there is nothing a worker could run",
        code="13",
        notes=["tasks register when the module that defines them is imported: import it where the app is made"],
        fixes=["@app.task above a function makes it a task"],
    )
