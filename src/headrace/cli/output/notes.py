"""What is told beside the answer."""

from __future__ import annotations

import click

from headrace.cli.session import session


def note(text: str) -> None:
    """Tell the person something that is not the answer, on stderr; ``--quiet`` leaves it out."""
    if not session().quiet:
        click.echo(text, err=True)
