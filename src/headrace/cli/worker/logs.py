"""How a worker logs: what the options say, over the environment, over what suits a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from headrace.logs.config import LogConfig

if TYPE_CHECKING:
    from headrace.config.load import Configuration


def written_log(found: Configuration, file: str | None) -> LogConfig:
    """What the configuration says about the log, over what suits a terminal. ``file`` is that of the command line."""
    log = found.settings.log
    # A file that is asked for by name is written to, whatever else the target was.
    target = None if log.target == "auto" or (file and log.target != "both") else log.target
    written = LogConfig(format=log.format, target=target, file=file or log.file, max_bytes=log.max_bytes, keep=log.keep)
    return written.with_levels(log.level)


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
