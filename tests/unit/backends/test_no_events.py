"""What a store without a journal puts in its place passes the part of the suite that is about the refusal."""

from msgspec.structs import replace

from headrace.backends.memory import MemoryBackend
from headrace.storage.backend import Capabilities
from headrace.storage.events import EventLog, NoEventLog
from headrace.testing.conformance.events import NoEventPromises


class Plain(MemoryBackend):
    """A memory store that keeps no journal."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, events=False)

    def __init__(self) -> None:
        super().__init__()
        self.events: EventLog = NoEventLog("plain")  # type: ignore[assignment]


async def test_a_journal_that_is_not_there_is_refused_by_the_name_of_its_store() -> None:
    await NoEventPromises().test_a_store_without_a_journal_refuses_it(Plain())
    assert (await Plain().events.status()).retention is None
