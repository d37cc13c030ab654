"""Without the library an integration needs, one line says what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCKED = "import sys; sys.modules[{library!r}] = None; import {module}"


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [
        ("headrace.contrib.prometheus", "prometheus_client", "metrics"),
        ("headrace.cli.worker.serving", "prometheus_client", "metrics"),
        ("headrace.contrib.opentelemetry", "opentelemetry", "otel"),
        ("headrace.client", "httpx2", "client"),
        ("headrace.server", "starlette", "server"),
    ],
)
def test_a_missing_extra_is_named(module: str, library: str, extra: str) -> None:
    program = BLOCKED.format(module=module, library=library)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert f"pip install 'headrace[{extra}]'" in done.stderr.splitlines()[-1]
