"""What is kept of an error that nobody expected: a report in a file, for whoever has to find out why."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from headrace._version import __version__
from headrace.cli.faults import Exit, Fault
from headrace.cli.secrets import masked

_PRIVATE = frozenset({"--api-key", "--arg", "--args", "--metadata", "--result", "--token"})
"""Options whose values stay out of a report, which is made to be handed on: a job's arguments, and credentials."""


def crash_of(error: Exception, args: Sequence[str]) -> Fault:
    """The fault for an unexpected error. Its report is in a file, which the fault names."""
    path = _keep(_report(error, args))
    kept = [f"the report of it is in {path}"] if path else []
    return Fault(
        Exit.FAILED,
        "01",
        f"{type(error).__name__}: {masked(str(error))}",
        notes=["this is not expected: headrace, or something it uses, has a fault", *kept],
        fixes=["the same command with --debug shows the traceback"],
    )


def _report(error: Exception, args: Sequence[str]) -> str:
    trace = "".join(traceback.format_exception(error))
    python = ".".join(map(str, sys.version_info[:3]))
    return masked(
        f"headrace {__version__}, Python {python} on {sys.platform}, {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n"
        f"headrace {shlex.join(_without_private(args))}\n\n{trace}"
    )


def _without_private(args: Sequence[str]) -> Iterator[str]:
    """The words of the command with stars for private values; the name of an argument stays."""
    private = False
    for word in args:
        option, equals, _ = word.partition("=")
        if private:
            yield f"{option}=***" if equals and option.isidentifier() else "***"
        elif option in _PRIVATE and equals:
            yield f"{option}=***"
        else:
            yield word
        private = not private and word in _PRIVATE


def _keep(report: str) -> Path | None:
    """Write it to the user's state folder, or beside other temporary files; None where neither can be written."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    name = f"crash-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    for folder in (Path(state) / "headrace", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(report, "utf-8")
        except OSError:
            continue
        return path
    return None
