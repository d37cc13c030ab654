"""The ``headrace`` command: one module for each verb, imported when it is used.

The command needs Click, which comes with ``headrace[cli]``; the library itself does not.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command and end the process with its exit code; the entry point ``headrace`` of the package."""
    try:
        import click  # noqa: F401 (asked first, so that its absence is told in one line)
    except ImportError:
        print("the headrace command needs Click. Install it with: pip install 'headrace[cli]'", file=sys.stderr)
        raise SystemExit(2) from None
    from headrace.cli.root import root

    root.main(prog_name="headrace")
