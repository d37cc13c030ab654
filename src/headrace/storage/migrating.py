"""Bringing the schema of a store to what a release needs, in steps that a person can look at first."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct


class Use(StrEnum):
    """What a user of the database may be for, where it is not for everything: enqueuing alone, or reading reports."""

    ENQUEUE = "enqueue"
    REPORTS = "reports"


class Step(Struct, frozen=True, kw_only=True, gc=False):
    """One change of the schema. Steps ``before`` a deploy leave what older workers need; those ``after`` it take away
    what only they needed, and come when the last of them is gone. ``reversible``: there is a way back."""

    name: str
    number: int
    when: Literal["before", "after"]
    applied: bool
    reversible: bool = False


class SchemaState(Struct, frozen=True, kw_only=True, gc=False):
    """How a store's schema stands: ``version`` is 0 where there is none; ``wanted`` is this release's."""

    version: int
    wanted: int
    steps: tuple[Step, ...]

    def pending(self, *, after: bool = False) -> list[Step]:
        """What is to be applied, in order; steps for after the deploy only if asked for."""
        return [step for step in self.steps if not step.applied and (after or step.when == "before")]


class Migrator(Protocol):
    """The schema of one store. It can be asked before the store is opened."""

    async def state(self) -> SchemaState:
        """How the schema stands; changes nothing."""
        ...

    async def up(self, *, after: bool = False) -> list[str]:
        """Apply what is pending, each step whole or not at all; answers the names. Several at once do it once.

        Raises Unavailable when a step does not get its locks; what was applied before stays.
        """
        ...

    async def down(self, *, to: int) -> list[str]:
        """Take steps back until the schema has version ``to``; answers the names. Raises Unsupported where one has no
        way back, before anything is changed."""
        ...

    async def dump(self, *, after: bool = False) -> str:
        """The statements that ``up`` would run, for somebody else to run."""
        ...

    def grants(self, role: str, *, only: Use | None = None) -> str:
        """What gives a user of the database what headrace needs, or what one use of it needs, as statements for the
        schema's owner. Raises Unsupported where a store knows no users."""
        ...


@runtime_checkable
class Migratable(Protocol):
    """A backend that has a schema."""

    def migrator(self) -> Migrator: ...
