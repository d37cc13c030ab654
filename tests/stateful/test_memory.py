from collections.abc import Iterator
from contextlib import contextmanager

from headrace.backends.memory import MemoryBackend
from headrace.storage.backend import Backend
from headrace.storage.clock import Clock
from tests.stateful.running import run_machine


@contextmanager
def memory(clock: Clock) -> Iterator[Backend]:
    yield MemoryBackend(clock=clock)


def test_the_memory_store_agrees_with_itself_whatever_is_done_to_it() -> None:
    run_machine(memory)
