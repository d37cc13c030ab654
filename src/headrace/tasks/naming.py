"""What a task is called, and where a child process finds it."""

from __future__ import annotations

import os.path
import sys
from collections.abc import Callable
from typing import Any

from headrace.errors import ConfigError, UsageError

TASK_NAME_MAX = 256
"""A name is stored with every job and shown in every list."""

MAIN = "__main__"


def module_of(function: Callable[..., Any]) -> str:
    """The module of a function, by the name under which every process can import it.

    A program that is started as a script is ``__main__`` to itself and its file's stem to the worker that imports it;
    both must agree on the names of its tasks, so the stem, or the name given to ``python -m``, counts.
    """
    return module_named(getattr(function, "__module__", None) or MAIN)


def module_named(module: str) -> str:
    """The name of a module under which every process can import it."""
    if module not in (MAIN, "__mp_main__"):
        return module
    main = sys.modules.get(module)
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name not in (MAIN, "__mp_main__"):
        return str(spec.name)
    file = getattr(main, "__file__", None)
    return os.path.splitext(os.path.basename(file))[0] if file else MAIN


def default_name(function: Callable[..., Any]) -> str:
    """``module.qualified_name``, which stays the same wherever the function is imported from.

    >>> from shutil import which
    >>> default_name(which)
    'shutil.which'
    """
    qualified = getattr(function, "__qualname__", None)
    if not isinstance(qualified, str):
        message = f"{function!r} has no name of its own; give the task one: @app.task(name='...')"
        raise UsageError(message)
    return f"{module_of(function)}.{qualified}"


def check_task_name(name: Any) -> str:
    """The name, if it can be one. Raises ConfigError unless it is 1 to 256 printable characters."""
    if not isinstance(name, str) or not 0 < len(name) <= TASK_NAME_MAX or not name.isprintable():
        message = f"name of a task is 1 to {TASK_NAME_MAX} printable characters; got {name!r}"
        raise ConfigError(message)
    return name


def check_importable(name: str, function: Callable[..., Any]) -> None:
    """Raise UsageError unless a child process can import the function: it runs there, and code is not sent."""
    qualified = getattr(function, "__qualname__", "")
    module = module_of(function)
    if "<" not in qualified and qualified and module != MAIN:
        return
    message = (
        f"task {name!r} has executor='process', so a child process must be able to import it, but "
        f"{qualified or function!r} of {module} cannot be imported. Define it with def at the top of a module, "
        "or use executor='thread'"
    )
    raise UsageError(message)
