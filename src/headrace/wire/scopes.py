"""What a caller may do, by name."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """A kind of call; each operation needs one. A caller with ``admin`` may do everything."""

    JOBS_READ = "jobs:read"
    JOBS_SUBMIT = "jobs:submit"
    JOBS_WRITE = "jobs:write"
    QUEUES_READ = "queues:read"
    QUEUES_WRITE = "queues:write"
    TASKS_READ = "tasks:read"
    SCHEDULES_READ = "schedules:read"
    SCHEDULES_WRITE = "schedules:write"
    WORKERS_READ = "workers:read"
    WORKERS_WRITE = "workers:write"
    WORK = "work"
    STORES_READ = "stores:read"
    EVENTS_READ = "events:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ADMIN = "admin"
