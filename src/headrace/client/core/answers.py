"""What went wrong, as the exception that the library would have raised."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from headrace import errors
from headrace._version import __version__
from headrace.model.job import JobState
from headrace.wire.problems import Problem

NO_SUCH_PATH = "HR-E0320"
"""Of a server that is older than the client, or at another path."""

_DETAIL_MAX = 300
_JOB = re.compile(r"\bjob (?P<id>\S+?):")


class StateConflict(errors.ServiceError):
    """A job could not be changed: it is in ``state``, or job ``holder`` has its unique key."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail, status=problem.status, code=problem.code, request_id=problem.request_id)
        value = problem.value
        self.state = JobState(value) if problem.code == "HR-E0501" and value in set(JobState) else None
        self.holder = value if problem.code == "HR-E0503" and isinstance(value, str) else None


_KINDS: Mapping[str, Callable[[Problem], Exception]] = {
    "HR-E0301": lambda problem: errors.JobNotFound(_named(problem), problem.detail),
    "HR-E0302": lambda problem: errors.UnknownTask(problem.detail),
    "HR-E0304": lambda problem: errors.UnknownSchedule(problem.detail),
    "HR-E0305": lambda problem: errors.UnknownKey(problem.detail),
    "HR-E0309": lambda problem: errors.OperationNotFound(problem.detail),
    "HR-E0214": lambda problem: errors.InvalidArguments(problem.detail),
    "HR-E0220": lambda problem: _query_error(problem.detail),
    "HR-E0215": lambda problem: errors.ConfigError(problem.detail),
    "HR-E0281": lambda problem: errors.ConfigError(problem.detail),
    "HR-E0217": lambda problem: errors.TooLarge(problem.detail),
    "HR-E0501": StateConflict,
    "HR-E0503": StateConflict,
    "HR-E0502": lambda problem: errors.IdempotencyConflict(problem.detail),
}


def problem_of(status: int, content: bytes, request_id: str | None) -> Problem:
    """The problem in an answer; one of our own where something between us and the service has answered."""
    try:
        return msgspec.json.decode(content, type=Problem)
    except msgspec.MsgspecError:
        text = content[:_DETAIL_MAX].decode("utf-8", "replace").strip()
        return Problem(
            type="about:blank",
            title="",
            status=status,
            code="",
            detail=f"the answer is no problem of headrace, but {status}: {text!r}",
            retryable=status in (429, 502, 503, 504),
            request_id=request_id,
        )


def error_of(problem: Problem) -> Exception:
    """The exception for a problem. Its text ends with what to do, where the service has said that."""
    kind = _KINDS.get(problem.code)
    if kind is not None:
        return kind(problem)
    detail = f"{problem.detail}. {problem.fix}" if problem.fix else problem.detail
    if problem.code == NO_SUCH_PATH:
        detail = (
            f"{problem.detail}: the server is of an older release than this client, headrace {__version__}, or below "
            "another path. Upgrade the server first, then its clients"
        )
    if problem.status in (401, 403):
        return errors.AccessDenied(detail)
    if problem.status == 501:
        return errors.Unsupported(detail)
    if problem.status in (429, 502, 503, 504):
        return errors.Unavailable(detail)
    if problem.status == 422 or (problem.status == 404 and problem.code not in ("", NO_SUCH_PATH)):
        return errors.UsageError(detail)
    return errors.ServiceError(detail, status=problem.status, code=problem.code, request_id=problem.request_id)


def unreadable(path: str, error: Exception) -> errors.ServiceError:
    """The exception for an answer that is none of this service's: another program, or a release far from this one."""
    message = (
        f"the answer to {path} cannot be read: {error}. Another program answers there, or a release of headrace "
        f"that is far from this client's, {__version__}"
    )
    return errors.ServiceError(message, status=200, code="", request_id=None)


def _named(problem: Problem) -> str:
    found = _JOB.search(problem.detail)
    return found["id"] if found else ""


def _query_error(detail: str) -> errors.UsageError:
    """The error with its pointer: the query and the marks are the two lines below the reason."""
    reason, _, rest = detail.partition("\n")
    query, _, marks = rest.partition("\n")
    if "^" not in marks:
        return errors.UsageError(detail)
    return errors.QueryError(reason, query[2:], marks.index("^") - 2, marks.rindex("^") - 1)
