"""How a worker logs: what the options say, over the environment, over what suits a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from headrace.logs.config import LogConfig

if TYPE_CHECKING:
    from headrace.config.load import Configuration


def written_log(found: Configuration) -> LogConfig:
    """What the configuration says about the log, over what suits a terminal."""
    log = found.settings.log
    return LogConfig(
        format=log.format,
        target=None if log.target == "auto" else log.target,
        file=log.file,
        max_bytes=log.max_bytes,
        keep=log.keep,
    ).with_levels(log.level)


def log_config(
    form: str | None, levels: str | None, file: str | None, verbose: int, base: LogConfig | None = None
) -> LogConfig:
    """The settings that apply. Raises ConfigError that names the field and the value.

    >>> log_config("json", "warning", None, 0).format
    'json'
    """
    given: dict[str, Any] = {}
    if form is not None:
        given["format"] = form
    if file is not None:
        given["file"] = file
        if os.environ.get("HEADRACE_LOG_TARGET") != "both":
            given["target"] = "file"
    config = LogConfig.from_environment(os.environ, base or LogConfig(format="compact"), **given)
    if verbose > 1:
        config = config.with_levels("debug")
    return config if levels is None else config.with_levels(levels)
