"""Tasks whose handler takes several jobs in one call: each job is made with one item of the handler's list."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Sequence
from typing import Any, NoReturn

from headrace.errors import UsageError

_LISTS = (list, Sequence)


def check_batch(task: str, signature: inspect.Signature) -> None:
    """Raise UsageError unless there is one parameter for the items; what a worker fills in is left out already."""
    parameters = list(signature.parameters.values())
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if len(parameters) != 1 or parameters[0].kind not in kinds or parameters[0].default is not parameters[0].empty:
        message = f"{task}: a batch handler takes one list of items, such as (pages: list[Page]); got {signature}"
        raise UsageError(message)


def item_of(task: str, parameter: inspect.Parameter, hint: Any) -> Any:
    """The type of one item. Raises UsageError where the parameter is no list."""
    if hint is Any or hint is list:
        return Any
    if typing.get_origin(hint) in _LISTS:
        return typing.get_args(hint)[0]
    message = f"{task}: parameter {parameter.name!r} of a batch handler is a list of items; annotate it: list[Page]"
    raise UsageError(message)


def answer_of(hint: Any) -> Any:
    """The type of the answer to one item: what the list holds, without exceptions. Any where that is not said."""
    if hint is None or hint is type(None):
        return None
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kept = [each for each in typing.get_args(hint) if each is not type(None)]
        hint = kept[0] if len(kept) == 1 else Any
    if typing.get_origin(hint) not in _LISTS:
        return Any
    inner = typing.get_args(hint)[0]
    options = typing.get_args(inner) if typing.get_origin(inner) in (typing.Union, types.UnionType) else (inner,)
    values = tuple(each for each in options if not (isinstance(each, type) and issubclass(each, BaseException)))
    return typing.Union[values] if values else Any  # noqa: UP007 - the members are values here


def refuse_process(task: str) -> NoReturn:
    """Raise UsageError: what is gathered in the worker is not sent to a child process."""
    message = f"task {task!r}: batch handlers run on the event loop or in a thread; leave executor='process' out"
    raise UsageError(message)
