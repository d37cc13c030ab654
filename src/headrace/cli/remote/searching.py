"""Filters of a list as one search, for a server takes only that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from headrace.model.search import Query, format_query
from headrace.model.search.formatting import quoted


def search_text(
    where: str | Query | None = None,
    *,
    states: Iterable[str] = (),
    queues: Iterable[str] = (),
    tasks: Iterable[str] = (),
    tags: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> str:
    """The search whose matches are those of ``where`` that every given filter matches too.

    >>> search_text("error:refused OR error:reset", states=["dead", "expired"], tags=["eu", "vip"])
    'state:dead,expired tag:"eu" tag:"vip" (error:refused OR error:reset)'
    """
    parts = []
    if found := ",".join(states):
        parts.append(f"state:{found}")
    for field, values in (("queue", queues), ("task", tasks)):
        if found := ",".join(map(quoted, values)):
            parts.append(f"{field}:{found}")
    parts += [f"tag:{quoted(tag)}" for tag in tags]
    if since is not None:
        parts.append(f"since:{since.isoformat()}")
    if until is not None:
        parts.append(f"until:{until.isoformat()}")
    if where:
        text = where if isinstance(where, str) else format_query(where)
        parts.append(f"({text})" if text and parts else text)
    return " ".join(part for part in parts if part)
