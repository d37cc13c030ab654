"""``headrace profile use``, ``create`` and ``delete``."""

from __future__ import annotations

import sys
from typing import Any

import click

from headrace.cli.config.names import find_key
from headrace.cli.faults import Exit, Fault, usage
from headrace.cli.output import note
from headrace.cli.profile.places import profiles
from headrace.cli.session import session


@click.command("use")
@click.argument("name", metavar="PROFILE")
def use(name: str) -> None:
    """Use a profile from now on; - is the one that was in use before.

    \b
    Examples:
      headrace profile use prod
      headrace profile use -
    """
    known = profiles()
    click.echo(known.use(name))


@click.command("create")
@click.argument("name", metavar="PROFILE")
@click.option("--store", metavar="URL", required=True, help="Where its jobs live, such as sqlite:////var/lib/jobs.db.")
@click.option("--protected", is_flag=True, help="Ask before a command changes its store.")
@click.option("--read-only", is_flag=True, help="Refuse commands that change its store.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Another setting. Repeatable.")
def create(name: str, store: str, protected: bool, read_only: bool, pairs: tuple[str, ...]) -> None:
    """Add a profile. It is used with --profile NAME, or from now on after: headrace profile use NAME.

    \b
    Examples:
      headrace profile create dev --store sqlite:///jobs.db --set output.format=wide
    """
    from headrace.config.values import from_text

    values: dict[str, Any] = {"store": from_text(find_key("store"), store)}
    values |= {word: True for word, given in (("protected", protected), ("read_only", read_only)) if given}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator:
            raise usage(f"--set {pair}: write KEY=VALUE", code="41", word=pair)
        values[key] = from_text(find_key(key), text)
    known = profiles()
    known.create(name, values)
    note(f"profile {name} is in {known.path}; use it with: headrace profile use {name}")


@click.command("delete")
@click.argument("name", metavar="PROFILE")
def delete(name: str) -> None:
    """Take a profile out of your configuration; the store itself stays.

    \b
    Examples:
      headrace profile delete prod --yes
    """
    known = profiles()
    known.check(name)
    if not session().yes:
        if not (session().ask and sys.stdin.isatty()):
            raise Fault(Exit.NOT_ALLOWED, "03", f"profile {name} would be deleted", fixes=["add --yes"])
        click.confirm(f"Delete profile {name}?", abort=True, err=True)
    known.delete(name)
