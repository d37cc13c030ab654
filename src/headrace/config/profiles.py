"""Profiles: named sets of settings in the user's own file, one of which is in use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.config.edit import set_value, unset_value
from headrace.config.files import read_file, shown
from headrace.config.keys import near
from headrace.errors import ConfigError

IN_USE = "profile_in_use"
BEFORE = "profile_before"


class Profiles:
    """The profiles in a file, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> Mapping[str, Mapping[str, Any]]:
        """The profiles by name, as they stand in the file."""
        found = self._table().get("profile", {})
        return {name: table for name, table in found.items() if isinstance(table, Mapping)}

    def in_use(self) -> str | None:
        """The profile that holds where none is asked for."""
        name = self._table().get(IN_USE)
        return None if name is None else str(name)

    def use(self, name: str) -> str:
        """Use a profile from now on; ``-`` is the one before. Answers its name. Raises ConfigError for none such."""
        now = self.in_use()
        if name == "-":
            before = self._table().get(BEFORE)
            if before is None:
                raise ConfigError("there is no profile to go back to: none was in use before this one")
            name = str(before)
        self.check(name)
        if name != now:
            if now is not None:
                set_value(self.path, [BEFORE], now)
            set_value(self.path, [IN_USE], name)
        return name

    def create(self, name: str, values: Mapping[str, Any]) -> None:
        """Add a profile with at least one value. Raises ConfigError where there is one of that name."""
        if not name.replace("-", "_").replace(".", "_").isidentifier():
            raise ConfigError(f"{name!r} is no name for a profile: use letters, digits, - and _")
        if name in self.all():
            raise ConfigError(f"there is a profile {name!r} already, in {shown(self.path)}")
        for key, value in values.items():
            set_value(self.path, ["profile", name, *key.split(".")], value)

    def delete(self, name: str) -> None:
        """Take a profile out. Raises ConfigError for none such."""
        self.check(name)
        unset_value(self.path, ["profile", name])
        for key in (IN_USE, BEFORE):
            if self._table().get(key) == name:
                unset_value(self.path, [key])

    def check(self, name: str) -> None:
        """Raise ConfigError unless there is a profile of that name."""
        known = self.all()
        if name not in known:
            names = ", ".join(known) or "none yet"
            hint = near(name, known) or "."
            raise ConfigError(f"no profile {name!r} in {shown(self.path)}{hint} Profiles: {names}")

    def _table(self) -> Mapping[str, Any]:
        return read_file(self.path).table if self.path.is_file() else {}
