"""Settings, frozen and validated once, when they are made.

:class:`WorkerConfig` is what a program hands to its workers. The rest is about settings that are written down: in the
environment, in ``headrace.toml`` or ``pyproject.toml``, in a profile. The command uses those, and a program that asks
for them with ``Headrace.from_config()``; a plain ``Headrace(...)`` reads nothing but its arguments.
"""

from __future__ import annotations

from headrace.config.server import ServerSettings
from headrace.config.worker import (
    CONCURRENCY_DEFAULT,
    GRACE_DEFAULT,
    LEASE_DEFAULT,
    LEASE_MAX,
    LEASE_MIN,
    PREFETCH_MAX,
    QUEUE_NAME_MAX,
    WorkerConfig,
    check_queue_name,
)

__all__ = [
    "CONCURRENCY_DEFAULT",
    "GRACE_DEFAULT",
    "LEASE_DEFAULT",
    "LEASE_MAX",
    "LEASE_MIN",
    "PREFETCH_MAX",
    "QUEUE_NAME_MAX",
    "ServerSettings",
    "WorkerConfig",
    "check_queue_name",
]
