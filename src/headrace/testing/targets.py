"""From ``module:attribute`` to the app under test."""

from __future__ import annotations

import sys
from pathlib import Path
from pkgutil import resolve_name

from headrace.app import Headrace
from headrace.config.load import load
from headrace.errors import UsageError

_WAYS = """Say which app is under test, in one of these ways:
  in pyproject.toml, under [tool.pytest.ini_options]:  headrace_app = "myapp.tasks:app"
  in headrace.toml, for the command as well:           app = "myapp.tasks:app"
  on a test, a class or a module:                      @pytest.mark.headrace("myapp.tasks:app")
  in conftest.py, a fixture:                           def headrace_target(): return app"""


def configured_app(folder: Path) -> str | None:
    """The setting ``app`` that holds in a project's folder, whose modules can be imported from now on; None without."""
    configuration = load(folder)
    if configuration.settings.app and configuration.project is not None:
        sys.path[:0] = [] if (place := str(configuration.project.parent)) in sys.path else [place]
    return configuration.settings.app or None


def find_app(target: Headrace | str | None) -> Headrace:
    """The app itself. Raises UsageError that tells how to name one; what its module raises is raised as it is.

    >>> find_app("headrace.app")
    Traceback (most recent call last):
    headrace.errors.UsageError: 'headrace.app' names no app: it is module:attribute, such as myapp.tasks:app
    """
    if isinstance(target, Headrace):
        return target
    if target is None:
        message = f"headrace_app does not know your app. {_WAYS}"
        raise UsageError(message)
    if not isinstance(target, str) or ":" not in target:
        message = f"{target!r} names no app: it is module:attribute, such as myapp.tasks:app"
        raise UsageError(message)
    try:
        found = resolve_name(target)
    except AttributeError as error:
        module = target.partition(":")[0]
        message = f"{target!r} names no app: {error}. Is the app in module {module!r} called otherwise?"
        raise UsageError(message) from None
    except ModuleNotFoundError as error:
        message = (
            f"{target!r} names no app: {error}. pytest finds modules beside its rootdir with the setting pythonpath = ."
        )
        raise UsageError(message) from error
    if not isinstance(found, Headrace):
        message = f"{target!r} is no Headrace but a {type(found).__name__}"
        raise UsageError(message)
    return found
