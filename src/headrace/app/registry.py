"""The tasks of one app, by name."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from headrace.errors import UnknownTask, UsageError
from headrace.tasks.task import Task


class TaskRegistry:
    """Finds tasks by the name their jobs carry."""

    def __init__(self) -> None:
        self._by_name: dict[str, Task[Any, Any]] = {}

    def add(self, task: Task[Any, Any]) -> None:
        """Register a task. The same function may come again, as when its module is reloaded; another one may not."""
        earlier = self._by_name.get(task.name)
        if earlier is not None and not _same(earlier, task):
            message = (
                f"there is a task named {task.name!r} already: {earlier.reference}; now {task.reference} asks for the "
                "name. Give one of them another: @app.task(name='...')"
            )
            raise UsageError(message)
        self._by_name[task.name] = task

    def find(self, name: str) -> Task[Any, Any] | None:
        """The task of that name, or None."""
        return self._by_name.get(name)

    def get(self, name: str) -> Task[Any, Any]:
        """The task of that name. Raises UnknownTask that lists near names."""
        task = self._by_name.get(name)
        if task is not None:
            return task
        near = get_close_matches(name, self._by_name, n=3)
        hint = f"; near names: {', '.join(near)}" if near else ""
        message = f"no task is named {name!r}{hint}. Import the module that defines it before it is asked for"
        raise UnknownTask(message)

    def names(self) -> list[str]:
        """The names of all tasks, sorted."""
        return sorted(self._by_name)

    def __iter__(self) -> Iterator[Task[Any, Any]]:
        return iter(list(self._by_name.values()))

    def __len__(self) -> int:
        return len(self._by_name)


def _same(earlier: Task[Any, Any], task: Task[Any, Any]) -> bool:
    """Whether it is the same function, or the same place in a module that was loaded again.

    Lambdas and functions within functions share their place with others, so only they themselves are the same.
    """
    if earlier.function is task.function:
        return True
    return earlier.reference == task.reference and "<" not in task.reference
