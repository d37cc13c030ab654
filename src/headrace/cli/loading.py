"""From ``module:attribute`` to the app, with every mistake on the way named."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

from headrace.cli.faults import Exit, Fault, did_you_mean, usage
from headrace.cli.settings import configuration, configured_store
from headrace.cli.stores import resolve_store
from headrace.config.files import from_folder

if TYPE_CHECKING:
    from headrace.app import Headrace

_EXAMPLE = "APP is module:attribute, such as myapp.tasks:app"


def load_named_app(target: str | None) -> tuple[str, Headrace]:
    """The app of the command line or of the setting ``app``, and its name. Raises a fault where neither names one."""
    name = named_app(target)
    project = configuration().project
    if target or project is None:
        return name, load_app(name)
    # What is written there is meant from there, wherever the command runs: the module, and the app's file.
    _look_in(str(project.parent))
    app = load_app(name)
    if app.url is not None and (url := from_folder(app.url, project.parent, Path.cwd())) != app.url:
        app.use_store(url)
    return name, app


def load_app_at(target: str | None, store: str | None) -> Headrace:
    """That app, moved to the store that is given or configured; where none is, it keeps its own."""
    _, app = load_named_app(target)
    if store or configured_store():
        app.use_store(resolve_store(store))
    return app


def named_app(target: str | None) -> str:
    """The name of the app, which is not imported."""
    name = target or configuration().settings.app
    if not name:
        raise usage("no app is named", code="24", notes=[_EXAMPLE], fixes=["headrace config set app myapp.tasks:app"])
    return name


def load_app(target: str) -> Headrace:
    """Import the app. The current folder comes first, as for ``python -m``. Raises a fault that says what is wrong."""
    module_name, _, attribute = target.partition(":")
    if (
        module_name.endswith(".py")
        or not all(part.isidentifier() for part in module_name.split("."))
        or (":" in target and not attribute)
    ):
        raise usage(f"{target!r} names no app", code="04", notes=[_EXAMPLE, *_path_hint(target)])
    _look_in(os.getcwd())
    module = _import(module_name)
    return _pick(module, attribute) if attribute else _only(module)


def _look_in(folder: str) -> None:
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _path_hint(target: str) -> list[str]:
    path, _, attribute = target.partition(":")
    if not path.endswith(".py"):
        return []
    module = path[:-3].removeprefix("./").replace("/", ".")
    return [f"did you mean {module}{':' + attribute if attribute else ''}?"]


def _import(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise _failed(name, error) from error
        missing = error.name
    except Exception as error:
        raise _failed(name, error) from error
    raise usage(
        f"no module named {missing!r}",
        code="05",
        notes=[*_near(missing), f"looked in {os.getcwd()} and the installed packages; {_EXAMPLE}"],
    )


def _near(missing: str) -> list[str]:
    parent = missing.rpartition(".")[0]
    if parent:
        spec = find_spec(parent)
        places = list(spec.submodule_search_locations or []) if spec else []
    else:
        places = [os.getcwd()]
    names = [info.name for info in iter_modules(places)]
    prefix = f"{parent}." if parent else ""
    # A verb of "headrace worker" is meant only by a word that is near it: there is no module to be listed.
    verbs = [] if parent else get_close_matches(missing, ["list", "run", "quiet", "resume", "stop"])
    return did_you_mean(missing, [f"{prefix}{name}" for name in [*names, *verbs]], what="modules here")


def _failed(name: str, error: Exception) -> Fault:
    where = _last_frame(error)
    return Fault(
        Exit.USAGE,
        "06",
        f"importing {name} raised {type(error).__name__}: {error}",
        notes=[*([where] if where else []), "--debug shows the whole traceback"],
    )


def _last_frame(error: Exception) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"at {error.filename}:{error.lineno}"  # the file was not run, so no frame is in it
    trace = error.__traceback__
    where = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "importlib" not in file:
            where = f"at {file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where


def _pick(module: ModuleType, attribute: str) -> Headrace:
    from headrace.app import Headrace

    value: object = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            apps = [name for name, each in vars(module).items() if isinstance(each, Headrace)]
            names = apps or [name for name in vars(module) if not name.startswith("_")]
            notes = did_you_mean(attribute, names, what="apps there" if apps else "names there")
            raise usage(f"module {module.__name__!r} has no {attribute!r}", code="07", notes=notes)
        value = getattr(value, part)
    if not isinstance(value, Headrace):
        kind = type(value).__name__
        raise usage(f"{module.__name__}:{attribute} is no Headrace but a {kind}", code="08", notes=[_EXAMPLE])
    return value


def _only(module: ModuleType) -> Headrace:
    from headrace.app import Headrace

    apps = {name: value for name, value in vars(module).items() if isinstance(value, Headrace)}
    distinct = list({id(value): value for value in apps.values()}.values())
    if len(distinct) == 1:
        return distinct[0]
    if not distinct:
        raise usage(
            f"module {module.__name__!r} holds no Headrace",
            code="09",
            notes=['an app is made by: app = Headrace("sqlite:///jobs.db")', _EXAMPLE],
        )
    fixes = [f"headrace worker {module.__name__}:{name}" for name in apps]
    raise usage(f"module {module.__name__!r} holds several apps: {', '.join(apps)}", code="10", fixes=fixes)
