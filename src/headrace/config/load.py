"""All sources become one value: arguments, then environment, project file, profile, and the defaults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from headrace.config.files import TomlFile, from_folder, project_file, read_file, shown, user_file
from headrace.config.keys import PREFIX, SELECTORS, Key, all_keys, near, profile_keys
from headrace.config.settings import ProfileSettings, Settings
from headrace.config.values import from_text, from_toml
from headrace.errors import ConfigError

DEFAULT = "default"


@dataclass(slots=True)
class Configuration:
    """The settings that hold, and where each comes from.

    origins: for each setting that is not at its default, its place: ``HEADRACE_STORE``, ``headrace.toml:3``.
    problems: what is wrong, each with its place; settings that are wrong are left at their default.
    """

    settings: Settings = field(default_factory=Settings)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    profile: str | None = None
    profile_settings: ProfileSettings = field(default_factory=ProfileSettings)
    profile_store: str | None = None
    project: Path | None = None
    user: Path = Path()

    def value(self, name: str) -> Any:
        """A setting's value by its dotted name."""
        found: Any = self.settings
        for part in all_keys()[name].path:
            found = getattr(found, part)
        return found

    def origin(self, name: str) -> str:
        """Where a setting comes from."""
        return self.origins.get(name, DEFAULT)

    def given(self, group: str) -> dict[str, Any]:
        """The settings of a group that are written down somewhere, such as those of ``worker``."""
        names = {name.split(".")[1] for name in self.origins if name.startswith(f"{group}.")}
        return {name: getattr(getattr(self.settings, group), name) for name in names}


def load(
    folder: Path | None = None, environment: Mapping[str, str] | None = None, *, profile: str | None = None
) -> Configuration:
    """Read every source. Raises ConfigError for the first problem; it names key, value and place."""
    configuration = inspect(folder, environment, profile=profile)
    if configuration.problems:
        raise ConfigError(configuration.problems[0])
    return configuration


def inspect(
    folder: Path | None = None, environment: Mapping[str, str] | None = None, *, profile: str | None = None
) -> Configuration:
    """Read every source, and keep what is wrong as ``problems`` instead of raising."""
    return _Reader(folder or Path.cwd(), os.environ if environment is None else environment, profile).read()


class _Reader:
    def __init__(self, folder: Path, environment: Mapping[str, str], profile: str | None) -> None:
        self._folder = folder
        self._environment = environment
        self._asked = profile
        self._values: dict[str, Any] = {}
        self._answer = Configuration(user=user_file(environment))

    def read(self) -> Configuration:
        """From the weakest source to the strongest; a later value takes the place of an earlier one."""
        answer = self._answer
        for step in (self._read_profile, self._read_project, self._read_environment):
            try:
                step()
            except ConfigError as error:
                answer.problems.append(str(error))
        answer.settings = _build(self._values)
        return answer

    def _read_profile(self) -> None:
        answer, path = self._answer, self._answer.user
        asked = self._asked or self._environment.get("HEADRACE_PROFILE")
        file = read_file(path) if path.is_file() else None
        name = asked or (file.table.get("profile_in_use") if file else None)
        if name is None:
            return
        profiles = file.table.get("profile", {}) if file else {}
        if file is None or name not in profiles:
            known = ", ".join(profiles) or "none yet"
            hint = near(str(name), tuple(profiles)) or "."
            raise ConfigError(f"no profile {name!r} in {shown(path)}{hint} Profiles: {known}")
        answer.profile = name
        self._answer.profile_settings = self._take_profile(file, ("profile", name), profiles[name])
        answer.profile_store = self._values.get("store")

    def _take_profile(self, file: TomlFile, root: tuple[str, ...], table: Mapping[str, Any]) -> ProfileSettings:
        own = {name: raw for name, raw in table.items() if name in profile_keys()}
        rest = {name: raw for name, raw in table.items() if name not in profile_keys()}
        self._take_table(file, rest, root, f"profile {root[-1]!r}, ", beside=tuple(profile_keys()))
        values = {}
        for name, raw in own.items():
            if (value := self._converted(profile_keys()[name], raw, file.place((*root, name)))) is not None:
                values[name] = value
        return ProfileSettings(**values)

    def _read_project(self) -> None:
        file = project_file(self._folder, self._environment)
        if file is not None:
            self._answer.project = file.path
            self._take_table(file, file.table, (), "")
            if "store" in file.table and self._values.get("store"):
                self._values["store"] = from_folder(self._values["store"], file.path.parent, self._folder)

    def _read_environment(self) -> None:
        by_variable = {key.variable: key for key in all_keys().values()}
        for variable, text in self._environment.items():
            # An empty variable counts as not set, as shells have no handier way to take one back for a command.
            if not variable.startswith(PREFIX) or variable in SELECTORS or not text:
                continue
            key = by_variable.get(variable)
            if key is not None:
                self._take(key, text, variable, text_form=True)
            elif close := get_close_matches(variable, [*by_variable, *SELECTORS], 1, 0.85):
                # Others may use the prefix for their own; only what looks like a slip is refused.
                self._answer.problems.append(f"no setting {variable}; did you mean {close[0]}?")

    def _take_table(
        self,
        file: TomlFile,
        table: Mapping[str, Any],
        root: tuple[str, ...],
        where: str,
        *,
        beside: tuple[str, ...] = (),
    ) -> None:
        for path, raw in _leaves(table, ()):
            place = f"{where}{file.place((*root, *path))}"
            key = all_keys().get(".".join(path))
            if key is None:
                name = ".".join(path)
                hint = near(name, (*all_keys(), *beside)) or ". Those there are: headrace config list"
                self._answer.problems.append(f"{place}: no setting {name!r}{hint}")
            else:
                self._take(key, raw, place)

    def _take(self, key: Key, raw: Any, place: str, *, text_form: bool = False) -> None:
        before = len(self._answer.problems)
        value = self._converted(key, raw, place, text_form=text_form)
        if len(self._answer.problems) == before:
            self._values[key.name] = value
            self._answer.origins[key.name] = place

    def _converted(self, key: Key, raw: Any, place: str, *, text_form: bool = False) -> Any:
        try:
            return from_text(key, raw) if text_form else from_toml(key, raw)
        except ConfigError as error:
            self._answer.problems.append(f"{place}: {error}")
            return None


def _leaves(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The settings of a table; a table that is a setting's value, such as ``worker.queues``, is one of them."""
    for name, raw in table.items():
        here = (*path, name)
        dotted = ".".join(here)
        inside = any(key.startswith(f"{dotted}.") for key in all_keys())
        if isinstance(raw, Mapping) and inside:
            yield from _leaves(raw, here)
        else:
            yield here, raw


def _build(values: Mapping[str, Any]) -> Settings:
    settings: Any = Settings()
    for name, value in values.items():
        settings = _with(settings, all_keys()[name].path, value)
    assert isinstance(settings, Settings)
    return settings


def _with(struct: Any, path: tuple[str, ...], value: Any) -> Any:
    if len(path) > 1:
        value = _with(getattr(struct, path[0]), path[1:], value)
    return msgspec.structs.replace(struct, **{path[0]: value})
