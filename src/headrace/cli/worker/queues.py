"""Which queues a worker serves, from ``--queue`` and ``--concurrency`` and the app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headrace.cli.faults import usage

if TYPE_CHECKING:
    from headrace.app import Headrace


def choose_queues(
    app: Headrace, given: Sequence[str], concurrency: int | None, written_down: Mapping[str, int] | None = None
) -> dict[str, int] | None:
    """The slots of each queue, or None where the app's own worker config says.

    ``written_down`` are the queues of the configuration, which are stronger than what the app says. Without any
    an app that configured its workers is obeyed; else every queue that a task names is served, so that no job waits
    because its queue was forgotten on the command line.
    """
    from headrace.config import CONCURRENCY_DEFAULT

    slots = CONCURRENCY_DEFAULT if concurrency is None else concurrency
    if given:
        return dict(_read(each, slots) for each in given)
    if written_down is not None:
        return dict(written_down) if concurrency is None else dict.fromkeys(written_down, slots)
    names = app.task_queues()
    if names is None:
        return None if concurrency is None else dict.fromkeys(app.worker_config.queues, slots)
    return dict.fromkeys(names, slots)


def _read(text: str, slots: int) -> tuple[str, int]:
    from headrace.config import check_queue_name
    from headrace.errors import ConfigError

    name, separator, count = text.rpartition("=")
    if not separator:
        name, count = text, str(slots)
    try:
        check_queue_name(name)
    except ConfigError as error:
        raise usage(f"--queue {text}: {error}", code="11", fixes=["--queue mail=20"]) from None
    if not count.isdecimal() or int(count) < 1:
        raise usage(
            f"--queue {text}: {count!r} is not a number of jobs to run at once",
            code="12",
            notes=["write NAME=N with N at least 1, or NAME alone"],
            fixes=[f"--queue {name}={slots}"],
        )
    return name, int(count)
