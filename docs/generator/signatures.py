"""What is written in code: signatures, annotations, defaults."""

from __future__ import annotations

import inspect
import re
from typing import Any


def signature(function: Any) -> str:
    """What a function takes and answers, as it is written."""
    found = inspect.signature(function)
    kept = [each for each in found.parameters.values() if each.name != "self"]
    bare = [each.replace(annotation=_Bare(each.annotation), default=_shown(each.default)) for each in kept]
    answer = found.return_annotation
    return str(found.replace(parameters=bare, return_annotation=_Bare(answer))).replace(" -> None", "")


def _shown(default: Any) -> Any:
    """A function as a default has an address, which is another each time."""
    return _Bare("...") if inspect.isfunction(default) else default


class _Bare:
    """An annotation that is shown as it is written."""

    def __new__(cls, annotation: Any) -> Any:
        if annotation is inspect.Parameter.empty or not isinstance(annotation, str):
            return annotation
        return super().__new__(cls)

    def __init__(self, annotation: str) -> None:
        self._text = annotation

    def __repr__(self) -> str:
        return self._text


def plain(hint: Any) -> str:
    """An annotation without what Python adds to it."""
    if isinstance(hint, str):
        return hint
    text = getattr(hint, "__forward_arg__", None) or str(hint)
    return re.sub(r"ForwardRef\('([^']+)'[^)]*\)", r"\1", text)


def shown_value(default: Any) -> str:
    """A default."""
    if isinstance(default, frozenset | tuple) and not default:
        return "()"
    text = repr(default)
    return text.replace("datetime.timedelta", "timedelta")
