"""From errors to problems: each kind of error has its status and its code, and everything else is ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import msgspec

from headrace import errors
from headrace.wire.problems import Problem

VALUE_TEXT_MAX = 200
"""Characters of a wrong value that are sent back: enough to recognise it."""

_KINDS: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.JobNotFound, 404, "HR-E0301"),
    (errors.UnknownTask, 422, "HR-E0302"),
    (errors.UnknownSchedule, 404, "HR-E0304"),
    (errors.UnknownKey, 404, "HR-E0305"),
    (errors.UnknownWebhook, 404, "HR-E0306"),
    (errors.OperationNotFound, 404, "HR-E0309"),
    (errors.InvalidArguments, 422, "HR-E0214"),
    (errors.QueryError, 422, "HR-E0220"),
    (errors.ConfigError, 422, "HR-E0215"),
    (errors.UsageError, 422, "HR-E0216"),
    (errors.TooLarge, 413, "HR-E0217"),
    (errors.IdempotencyConflict, 409, "HR-E0502"),
    (errors.Unsupported, 501, "HR-E0216"),
    (errors.Unavailable, 503, "HR-E0601"),
    (errors.StorageError, 503, "HR-E0601"),
    (TimeoutError, 503, "HR-E0601"),
)
"""In the order in which they are tried: an error is of the first kind that fits."""

_FIELDS: tuple[tuple[type[Exception], str], ...] = (
    (errors.UnknownTask, "task"),
    (errors.InvalidArguments, "args"),
    (errors.QueryError, "query"),
    (errors.IdempotencyConflict, "idempotency_key"),
)

_NAMED = re.compile(r"(?:give )?(?P<field>[a-z_]+)(?: is| or| needs| must| holds|:)")
_AT = re.compile(r" - at `(?:\$\.?)?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<field>[^`]*)`|missing required field `(?P<missing>[^`]*)`")


@contextmanager
def reading_from(cursor: str | None) -> Iterator[None]:
    """Within, a store that refuses the cursor is a refusal of the request: the caller has made it up."""
    try:
        yield
    except errors.Unsupported as error:
        if cursor is None:
            raise
        raise Refused(422, "HR-E0281", str(error), field="cursor", value=cursor) from None


class Refused(Exception):
    """A request that is not carried out, as the problem that is sent."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        value: Any = None,
        fix: str | None = None,
        retryable: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = headers or {}
        self.problem = Problem(
            type=f"urn:headrace:{code}",
            title=HTTPStatus(status).phrase,
            status=status,
            code=code,
            detail=detail,
            field=field,
            value=_shown(value),
            fix=fix,
            retryable=retryable,
        )


def refusal_of(error: Exception) -> Refused | None:
    """The refusal that stands for an error, or None for one that nobody expected."""
    if isinstance(error, Refused):
        return error
    for kind, status, code in _KINDS:
        if isinstance(error, kind):
            retryable = isinstance(error, errors.Unavailable | TimeoutError)
            return Refused(
                status,
                code,
                str(error),
                field=_field(error),
                fix=_fix(error),
                retryable=retryable,
                headers={"retry-after": "1"} if retryable else None,
            )
    return None


def unexpected() -> Refused:
    """What is said of an error that nobody expected: nothing of the inside, which is in the log."""
    return Refused(
        500,
        "HR-E0101",
        "something happened that nobody expected; the server's log has it under this request id",
        retryable=False,
    )


def misfit(error: msgspec.ValidationError, body: Any) -> Refused:
    """The refusal of a request that is JSON but not what the operation takes: names the field and its value."""
    text = str(error)
    at = _AT.search(text)
    path = at["path"] if at else ""
    reason = text[: at.start()] if at else text
    named = _UNKNOWN.search(reason)
    if named is not None:
        name = named["field"] if named["missing"] is None else named["missing"]  # a name may be empty
        path = f"{path}.{name}" if path else name
    return Refused(
        422,
        "HR-E0281",
        f"{path}: {reason}" if path else reason,
        field=path or None,
        value=_at(body, path),
        fix="the fields of each operation are listed at /docs and in /openapi.json",
    )


def _field(error: Exception) -> str | None:
    for kind, field in _FIELDS:
        if isinstance(error, kind):
            return field
    if not isinstance(error, errors.ConfigError):
        return None
    text = str(error)
    named = _NAMED.match(text)
    return named["field"] if named else ("queue" if "is not a queue name" in text else None)


def _fix(error: Exception) -> str | None:
    if isinstance(error, errors.Unavailable):
        return "send it again; with an Idempotency-Key that is safe for every request"
    return None


def _at(body: Any, path: str) -> Any:
    """What the body holds there; None where the path cannot be followed, as for a key of an object."""
    for part in re.findall(r"\[(\d+)\]|([^.\[\]]+)", path):
        index, name = part
        if index and isinstance(body, list) and int(index) < len(body):
            body = body[int(index)]
        elif name and isinstance(body, dict) and name in body:
            body = body[name]
        else:
            return None
    return body if path else None


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= VALUE_TEXT_MAX else f"{text[:VALUE_TEXT_MAX]}…"
