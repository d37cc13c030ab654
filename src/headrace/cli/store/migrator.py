"""The schema of the store that a command is about, without opening the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.cli.secrets import masked

if TYPE_CHECKING:
    from headrace.storage.migrating import Migrator


def migrator_of(url: str) -> Migrator:
    """What migrates it. Raises a fault for a store without a schema."""
    from headrace.app.backends import make_backend
    from headrace.errors import UsageError
    from headrace.storage.migrating import Migratable

    backend = make_backend(url)
    if not isinstance(backend, Migratable):
        raise UsageError(f"{masked(url)} has no schema to migrate")
    return backend.migrator()
