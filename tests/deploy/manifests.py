"""The files of ``deploy/``, read as what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import yaml

from headrace.cli.root import root
from headrace.config.keys import all_keys
from headrace.model.durations import parse_duration

ROOT = Path(__file__).parents[2]
KUBERNETES = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
COMPOSE = sorted((ROOT / "deploy" / "compose").glob("*.yml"))

AFTER_THE_GRACE = timedelta(seconds=10)
"""What follows the grace of a worker takes at most so long; see docs/explanation/shutdown.md."""


def documents(kind: str | None = None) -> Iterator[dict[str, Any]]:
    """The objects of the Kubernetes manifests, of one kind or all."""
    for path in KUBERNETES:
        for each in yaml.safe_load_all(path.read_text("utf-8")):
            if kind is None or each["kind"] == kind:
                yield each


def compose_services() -> Iterator[tuple[str, dict[str, Any]]]:
    """The services of the Compose files that run the image of headrace."""
    for path in COMPOSE:
        for name, service in yaml.safe_load(path.read_text("utf-8"))["services"].items():
            if service.get("build") == "../..":
                yield f"{path.name}:{name}", service


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What the command understands of a container's arguments. Raises click.UsageError."""
    name, *rest = arguments
    context = click.Context(root, **root.context_settings)
    command = root.get_command(context, name)
    if isinstance(command, click.Group):
        command = command.get_command(context, "run")
    assert command is not None, f"there is no command {name}"
    return command.make_context(name, rest, parent=context).params


def grace_of(arguments: list[str], environment: dict[str, str]) -> timedelta:
    """How long a container that is told to stop may take."""
    grace: timedelta | None = parsed(arguments).get("grace")
    given = environment.get("HEADRACE_SERVER_GRACE", "30s")
    drain = parse_duration(environment.get("HEADRACE_SERVER_DRAIN", "0s"))
    return (parse_duration(given) if grace is None else grace) + drain


def unknown_settings(environment: dict[str, str]) -> set[str]:
    """The variables that headrace would not read."""
    known = {key.variable for key in all_keys().values()}
    return {name for name in environment if re.match("HEADRACE_", name) and name not in known}
