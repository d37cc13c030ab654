"""The set-up: what goes where, from which level on, and how child processes get the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.errors import ConfigError
from headrace.logs.config import LogConfig

PROGRAM = """
import logging, subprocess, sys, warnings
import msgspec
from headrace.logs import LogConfig, set_levels, set_up_logging
set_up_logging(msgspec.json.decode(sys.argv[1], type=LogConfig))
log = logging.getLogger("shop.orders")
log.debug("first")
set_levels("shop=debug")
log.debug("second", extra={"order": 7})
warnings.warn("careful")
subprocess.run([sys.executable, "-c", '''
import logging
from headrace.logs.setup import set_up_as_parent
set_up_as_parent()
logging.getLogger("shop.child").warning("third")
'''], check=True)
"""


def run(config: LogConfig) -> tuple[str, str]:
    """What the program writes to stdout and stderr."""
    import msgspec

    environment = {**os.environ, "PYTHONWARNINGS": "default"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, msgspec.json.encode(config).decode()],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return done.stdout, done.stderr


@pytest.mark.parametrize("form", ["json", "pretty", "compact"])
@pytest.mark.parametrize("target", ["stdout", "stderr", "file", "both"])
def test_each_format_goes_to_each_target(form: str, target: str, tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    file = str(path) if target in ("file", "both") else None
    stdout, stderr = run(LogConfig(format=form, target=target, file=file))  # type: ignore[arg-type]
    written = path.read_text() if file else ""
    told = {"stdout": [stdout], "stderr": [stderr], "file": [written], "both": [stderr, written]}[target]
    assert sum(bool(text) for text in (stdout, stderr, written)) == len(told)
    for text in told:
        assert "first" not in text
        assert text.index("second") < text.index("careful") < text.index("third")
        if form == "json":
            lines = [json.loads(line) for line in text.splitlines()]
            assert [line["logger"] for line in lines] == ["shop.orders", "py.warnings", "shop.child"]
        else:
            assert ("order=7" in text) == (form == "pretty")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"format": "xml"}, "format is one of pretty, compact, json; got 'xml'"),
        ({"target": "file"}, "file is where to log to when target is 'file'; got None"),
        ({"target": "stdout", "file": "x.log"}, "target='stdout' writes no file; leave file='x.log' out"),
        ({"levels": {"shop": "loud"}}, r"levels\['shop'\] is one of debug, .*; got 'loud'"),
        ({"max_bytes": 7}, "max_bytes must be at least 1024; got 7"),
        ({"keep": 0}, "keep is how many rotated files stay, at least 1; got 0"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LogConfig(**wrong)  # type: ignore[arg-type]


def test_the_environment_names_every_setting() -> None:
    config = LogConfig.from_environment(
        {
            "HEADRACE_LOG_FORMAT": "json",
            "HEADRACE_LOG_LEVEL": "warning,shop=debug",
            "HEADRACE_LOG_TARGET": "both",
            "HEADRACE_LOG_FILE": "shop.log",
            "HEADRACE_LOG_MAX_BYTES": "5000",
            "HEADRACE_LOG_KEEP": "2",
        },
        LogConfig(levels={"asyncio": "error"}),
    )
    levels = {"asyncio": "error", "shop": "debug"}
    assert config == LogConfig(
        format="json", level="warning", levels=levels, target="both", file="shop.log", max_bytes=5_000, keep=2
    )
    with pytest.raises(ConfigError, match="HEADRACE_LOG_KEEP is a whole number; got 'many'"):
        LogConfig.from_environment({"HEADRACE_LOG_KEEP": "many"})
