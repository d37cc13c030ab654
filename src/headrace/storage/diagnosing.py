"""What a store can find wrong about the place it lives in, and what to do about it."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct


class Diagnosis(Struct, frozen=True, kw_only=True, gc=False):
    """One check: passed (``ok``), worth knowing (``warning``), or to be put right (``fault``); ``fix`` says how."""

    check: str
    level: Literal["ok", "warning", "fault"]
    message: str
    fix: str = ""


@runtime_checkable
class Diagnosable(Protocol):
    """A backend that examines its server."""

    async def diagnose(self) -> list[Diagnosis]:
        """One answer for each check, more where several things are wrong. Reads only, and takes no locks."""
        ...
