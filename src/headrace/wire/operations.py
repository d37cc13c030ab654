"""Bulk operations: one change to all jobs that match a search."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from headrace.model.operation import OperationState, OperationVerb
from headrace.model.standing import Standing
from headrace.wire.base import Reply, Request, Text
from headrace.wire.jobs import Attempts, Priority, Tags

Search = Annotated[str, Meta(min_length=1, max_length=4_000, examples=["state:dead task:mail.*"])]

Rate = Annotated[float, Meta(gt=0, le=100_000)]


class OperationNamed(Request, frozen=True, kw_only=True):
    """Which operation."""

    id: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[^\\x00]*$")]


class UndoOperation(OperationNamed, frozen=True, kw_only=True):
    """Which operation is to be taken back. ``rate`` is in jobs a second at most."""

    rate: Rate | None = None
    reason: Text = ""


class ListItems(OperationNamed, frozen=True, kw_only=True):
    """Which page of the jobs that an operation looked at, in the order in which it did."""

    cursor: Annotated[str, Meta(max_length=1_000, pattern="^[^\\x00]*$")] | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 200


class ListOperations(Request, frozen=True, kw_only=True):
    """Which page of the operations, the oldest first."""

    cursor: Annotated[str, Meta(max_length=1_000, pattern="^[^\\x00]*$")] | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100


class PreviewOperation(Request, frozen=True, kw_only=True):
    """The search whose jobs are to be counted, as of an instant."""

    where: Search
    as_of: datetime | None = None


class Preview(Reply, frozen=True, kw_only=True):
    """What an operation would look at. ``complete`` False: there are more. Hand ``as_of`` in to change just these."""

    matched: int
    complete: bool
    as_of: datetime
    states: dict[str, int]
    queues: dict[str, int]
    tasks: dict[str, int]


class StartOperation(Request, frozen=True, kw_only=True):
    """A change to all jobs that match ``where`` as of ``as_of`` (now): jobs that move later are left alone.

    ``rate`` is in jobs a second at most. The last six fields are new values, for ``edit`` and ``retry``.
    """

    verb: OperationVerb
    where: Search
    as_of: datetime | None = None
    rate: Rate | None = None
    reason: Text = ""
    queue: str | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    run_at: datetime | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    max_attempts: Attempts | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET


class OperationView(Reply, frozen=True, kw_only=True):
    """How far an operation is. ``skipped`` counts jobs that it did not apply to, by their state.

    ``undoes`` is the operation that this one takes back, where its verb is ``undo``.
    """

    id: str
    verb: OperationVerb
    where: str
    as_of: datetime
    state: OperationState
    author: str
    reason: str
    matched: int
    changed: int
    skipped: dict[str, int]
    rate: float | None
    error: str | None
    created_at: datetime
    updated_at: datetime
    undoes: str | None = None


class OperationItemView(Reply, frozen=True, kw_only=True):
    """A job that an operation looked at. ``left_alone`` says why it was not changed, and is empty for one that was.

    ``before`` is where it stood when the operation found it; null in an undo, which cannot be undone itself.
    """

    job_id: str
    changed: bool
    left_alone: str
    before: Standing | None
