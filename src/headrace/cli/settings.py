"""The settings that hold for this command line; read when a command first asks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from headrace.cli.session import session

if TYPE_CHECKING:
    from headrace.config.load import Configuration

_META = "headrace.configuration"


def configuration() -> Configuration:
    """All sources. Raises ConfigError for the first problem in them."""
    from headrace.errors import ConfigError

    found = inspected()
    if found.problems:
        raise ConfigError(found.problems[0])
    return found


def inspected() -> Configuration:
    """All sources, read once for a command line; what is wrong in them is in ``problems``, for those who mend it."""
    from headrace.config.load import Configuration, inspect

    meta = click.get_current_context().meta
    found = meta.get(_META)
    if not isinstance(found, Configuration):
        found = meta[_META] = inspect(environment=_environment(), profile=session().profile)
        _say(found)
    return found


def _environment() -> dict[str, str]:
    """``--config`` says what ``HEADRACE_CONFIG`` says, and counts more."""
    named = session().config
    return {**os.environ, **({"HEADRACE_CONFIG": named} if named else {})}


def configured_store() -> str | None:
    """The store that the environment, a file or the profile names."""
    return configuration().settings.store


def preferred_format(offered: tuple[str, ...]) -> str:
    """The format to print in where ``-o`` was not given; colour and zone are taken over into the session."""
    output = inspected().settings.output
    now = session()
    if now.color == "auto" and not {"NO_COLOR", "CLICOLOR_FORCE"} & set(os.environ):
        now.color = output.color
    if now.zone is None and output.timezone is not None:
        now.set_zone(output.timezone, "output.timezone")
    return output.format if output.format in offered else "table"


def _say(found: Configuration) -> None:
    """With ``-v``: which settings hold, since that is what surprises people."""
    if not session().verbose:
        return
    from headrace.cli.output import note
    from headrace.cli.secrets import masked_setting
    from headrace.config.values import to_text

    for name, origin in found.origins.items():
        note(f"{name} = {masked_setting(name, to_text(found.value(name)))}   ({origin})")
