"""The pytest plugin: installed with headrace, and loading nothing of it until a test asks for its fixture.

``headrace_app`` is an :class:`~headrace.testing.AppHarness` around the app that the test names: by the marker
``@pytest.mark.headrace("myapp.tasks:app")``, by the setting ``headrace_app = "myapp.tasks:app"`` of pytest, or by a
fixture ``headrace_target`` of its own, which answers the app itself or where it is. Where none of them is, it is the
``app`` of headrace's own settings, such as in headrace.toml. It is a plain fixture, so tests may be plain functions or
coroutines under any plugin that runs those.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.testing.harness import AppHarness

SETTING = "headrace_app"
MARKER = "headrace"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the setting."""
    parser.addini(SETTING, "the app that the fixture headrace_app puts under test, such as myapp.tasks:app")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", f"{MARKER}(app): the app under test, such as 'myapp.tasks:app', or itself")


@pytest.fixture
def headrace_target(request: pytest.FixtureRequest) -> Headrace | str | None:
    """Which app to put under test. Override it in a conftest.py, where neither marker nor setting will do."""
    marker = request.node.get_closest_marker(MARKER)
    if marker is not None and marker.args:
        named: Headrace | str = marker.args[0]
        return named
    setting = str(request.config.getini(SETTING))
    if setting:
        return setting
    from headrace.testing.targets import configured_app

    return configured_app(request.config.rootpath)


@pytest.fixture
def headrace_app(headrace_target: Headrace | str | None) -> Iterator[AppHarness]:
    """The app under test: in memory, its clock standing still, and nothing running unasked."""
    from headrace.testing.harness import AppHarness
    from headrace.testing.targets import find_app

    with AppHarness(find_app(headrace_target)) as harness:
        yield harness
