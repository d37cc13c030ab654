"""For all tests: Hypothesis does not judge by the clock, which on a busy machine measures its neighbours.

And no test leaves the thread of ``app.sync`` behind, which the next one that counts threads would stumble over.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("headrace", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("headrace")


def _threads_of_sync() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "headrace sync"}


@pytest.fixture(autouse=True)
def no_thread_of_sync_is_left_behind() -> Iterator[None]:
    """Tells in the test that forgot ``app.sync.close()``, and not in some other."""
    before = _threads_of_sync()
    yield
    left = _threads_of_sync() - before
    assert not left, "this test left app.sync open: close it"
