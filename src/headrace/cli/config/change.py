"""``headrace config set`` and ``headrace config unset``."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.cli.config.names import find_key
from headrace.cli.faults import usage
from headrace.cli.output import note
from headrace.cli.secrets import masked_setting
from headrace.cli.settings import inspected

user_option = click.option("--user", is_flag=True, help="In the profile in use, not in the project's file.")


@click.command("set")
@click.argument("key", metavar="KEY")
@click.argument("value", metavar="VALUE")
@user_option
def set_(key: str, value: str, user: bool) -> None:
    """Write a setting into the project's file, which is made if there is none. The value is checked first.

    Comments and all else in the file stay as they are.

    \b
    Examples:
      headrace config set worker.lease 10s
      headrace config set worker.queues mail=20,default=10
      headrace config set store sqlite:///jobs.db
    """
    from headrace.config.edit import set_value
    from headrace.config.files import shown
    from headrace.config.values import from_text

    setting = find_key(key)
    checked = from_text(setting, value)
    path, root = _target(user=user)
    set_value(path, [*root, *setting.path], checked)
    note(f"{key} = {masked_setting(key, value)}   in {shown(path)}")


@click.command("unset")
@click.argument("key", metavar="KEY")
@user_option
def unset(key: str, user: bool) -> None:
    """Take a setting out of the project's file, so that a weaker source or the default holds again.

    \b
    Examples:
      headrace config unset worker.lease
    """
    from headrace.config.edit import unset_value
    from headrace.config.files import shown

    path, root = _target(user=user)
    # A name that is no setting may stand in a file, and this is how to get rid of it.
    if not unset_value(path, [*root, *key.split(".")]):
        find_key(key)
        note(f"{key} is not in {shown(path)}")


def _target(*, user: bool) -> tuple[Path, tuple[str, ...]]:
    """The file to write, and where headrace's settings begin in it. A broken setting must not keep it from mending."""
    found = inspected()
    if user:
        if found.profile is None:
            raise usage(
                "no profile is in use",
                code="61",
                fixes=["headrace profile create NAME --store URL", "headrace profile use NAME"],
            )
        return found.user, ("profile", found.profile)
    project = found.project or Path.cwd() / "headrace.toml"
    return project, ("tool", "headrace") if project.name == "pyproject.toml" else ()
