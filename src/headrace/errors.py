"""Every exception headrace raises, in one tree.

::

    HeadraceError
    ├── UsageError                      the program asks for something that cannot be
    │   ├── ConfigError                 a setting is wrong; names field, value and what to do
    │   ├── UnknownTask                 no task of that name is registered
    │   ├── UnknownSchedule             no schedule of that name is stored
    │   ├── UnknownKey                  no API key of that id or name
    │   ├── InvalidArguments            the arguments do not fit the task's signature
    │   ├── QueryError                  a search cannot be read; points at the place
    │   ├── UnknownWebhook              no such webhook
    │   ├── OperationNotFound           no such bulk operation
    │   └── MissingExtra                a part that is not installed; says the install command
    ├── JobError                        raised by ``JobHandle.result``
    │   ├── JobFailed                   the job is dead; carries type, message and traceback
    │   ├── JobCancelled                the job was cancelled
    │   ├── JobExpired                  the job was not started in time
    │   └── JobNotFound                 no such job: never enqueued, deleted or pruned
    ├── IdempotencyConflict             the same key with another task or payload
    ├── EventsLost                      the journal no longer has the events that were asked for
    ├── LeaseLost                       the job was given to another worker: roll back and stop
    ├── AccessDenied                    the service does not know the token, or the key may not do that
    ├── ServiceError                    the service answered what it should not; carries status and request id
    ├── WorkerCrashed                   the process that ran an attempt died, or was killed
    └── StorageError                    the only exceptions a store raises
        ├── Unavailable                 try again: locked, unreachable, restarting
        │   └── StorageFull             no space left; nothing was written
        ├── Unsupported                 this store cannot do that, and says so instead of approximating
        ├── SchemaOutdated              the schema is older or newer than this release
        ├── StorageCorrupt              the file is damaged or is not a database
        ├── ReadOnly                    the file or its folder cannot be written
        └── TooLarge                    a payload, result or batch is over the limit

What a handler raises to say how its job goes on (``Retry``, ``Snooze``, ``Cancel``, ``Discard``) is not an error and
lives in :mod:`headrace.model.control`.
"""

from __future__ import annotations

__all__ = [
    "AccessDenied",
    "ConfigError",
    "EventsLost",
    "HeadraceError",
    "IdempotencyConflict",
    "InvalidArguments",
    "JobCancelled",
    "JobError",
    "JobExpired",
    "JobFailed",
    "JobNotFound",
    "LeaseLost",
    "MissingExtra",
    "OperationNotFound",
    "QueryError",
    "ReadOnly",
    "SchemaOutdated",
    "ServiceError",
    "StorageCorrupt",
    "StorageError",
    "StorageFull",
    "TooLarge",
    "Unavailable",
    "UnknownKey",
    "UnknownSchedule",
    "UnknownTask",
    "UnknownWebhook",
    "Unsupported",
    "UsageError",
    "WorkerCrashed",
]


class HeadraceError(Exception):
    """The base of all: catch it to catch everything headrace raises on purpose."""


class UsageError(HeadraceError):
    """Raised when the program asks for something that cannot be; the message says what to write instead."""


class ConfigError(UsageError):
    """Raised when a setting is wrong. The message names the field, the value and what would be accepted."""


class UnknownTask(UsageError):
    """Raised when no task of that name is registered; the message lists near names."""


class UnknownSchedule(UsageError):
    """Raised when no schedule of that name is stored; the message lists near names."""


class UnknownKey(UsageError):
    """Raised when there is no API key of that id or name: never made, or revoked more than 30 days ago."""


class InvalidArguments(UsageError):
    """Raised at enqueue when the arguments do not fit the task's signature. Nothing was enqueued."""


class QueryError(UsageError):
    """Raised when a search cannot be read. ``reason`` says why; ``query``, ``start`` and ``end`` say where."""

    def __init__(self, reason: str, query: str, start: int, end: int) -> None:
        self.reason = reason
        self.query = query
        self.start = start
        self.end = end
        super().__init__(f"{reason}\n{self.pointer}")

    @property
    def pointer(self) -> str:
        """Two lines: the query, and a mark under the place at fault."""
        line = "".join(letter if letter.isprintable() else " " for letter in self.query)
        return f"  {line}\n  {' ' * self.start}{'^' * (self.end - self.start)}"


class OperationNotFound(UsageError):
    """Raised when there is no such bulk operation: never begun, or forgotten 30 days after it ended."""


class UnknownWebhook(UsageError):
    """Raised when no webhook of that id is stored."""


class MissingExtra(UsageError):
    """Raised when an optional part is not installed; the message holds the exact install command."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed. Install it with: pip install 'headrace[{extra}]'")


class JobError(HeadraceError):
    """Raised by ``JobHandle.result`` when the job did not succeed. ``job_id`` says which."""

    def __init__(self, job_id: str, message: str) -> None:
        super().__init__(message)
        self.job_id = job_id


class JobFailed(JobError):
    """Raised when the job is dead. ``error_type``, ``error_message`` and ``traceback`` are the last attempt's."""

    def __init__(self, job_id: str, error_type: str, error_message: str, traceback: str) -> None:
        super().__init__(job_id, f"job {job_id} is dead: {error_type}: {error_message}")
        self.error_type = error_type
        self.error_message = error_message
        self.traceback = traceback


class JobCancelled(JobError):
    """Raised when the job was cancelled, by a person or by its handler."""


class JobExpired(JobError):
    """Raised when the job was not started before its ``expires_at``."""


class JobNotFound(JobError):
    """Raised when the store holds no such job: never enqueued, deleted, or pruned after its retention."""


class IdempotencyConflict(HeadraceError):
    """Raised when an idempotency key is used again, within its window, for another task or payload."""


class EventsLost(HeadraceError):
    """Raised when a reader of the journal was away for longer than events are kept. ``last`` is where it can go on."""

    def __init__(self, message: str, *, last: int) -> None:
        super().__init__(message)
        self.last = last


class LeaseLost(HeadraceError):
    """Raised by ``current_job().complete`` when another worker has the job by now. Roll your transaction back."""


class AccessDenied(HeadraceError):
    """Raised by a client when the service does not know its token, or when its key may not do that."""


class ServiceError(HeadraceError):
    """Raised by a client for an answer that stands for no other error. ``code`` is for programs, and may be empty.

    ``status`` is that of HTTP, and ``request_id`` is how the server's log names the request.
    """

    def __init__(self, message: str, *, status: int, code: str, request_id: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id


class WorkerCrashed(HeadraceError):
    """Recorded as the error of an attempt whose child process died or was killed."""


class StorageError(HeadraceError):
    """The base of what a store raises; a store raises nothing else."""


class Unavailable(StorageError):
    """Raised when the store cannot answer now. The effect is none unless said otherwise; trying again may work."""


class StorageFull(Unavailable):
    """Raised when there is no space left. Nothing of the call was written; it works again when space returns."""


class Unsupported(StorageError):
    """Raised when the store lacks a capability. Never approximated; trying again does not help."""


class SchemaOutdated(StorageError):
    """Raised when the stored schema does not fit this release; the message says which side to upgrade."""


class StorageCorrupt(StorageError):
    """Raised when the file is damaged, or is no database at all; the message names the file."""


class ReadOnly(StorageError):
    """Raised when the store can be read but not written."""


class TooLarge(StorageError):
    """Raised when a payload, a result or a batch is over the limit; the message names both sizes."""
