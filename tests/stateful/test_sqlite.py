import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from headrace.backends.sqlite import SqliteBackend
from headrace.storage.backend import Backend
from headrace.storage.clock import Clock
from tests.stateful.running import run_machine
from tests.stateful.undoing import UndoMachine


@contextmanager
def sqlite(clock: Clock) -> Iterator[Backend]:
    with tempfile.TemporaryDirectory(prefix="headrace-stateful-") as folder:
        yield SqliteBackend(f"sqlite:///{folder}/jobs.db?synchronous=normal", clock=clock)


def test_the_sqlite_store_agrees_with_the_memory_store_whatever_is_done_to_it() -> None:
    run_machine(sqlite, of=UndoMachine)
