"""The conformance suite: what every store promises, as tests. Public: run it against a store of your own.

::

    from headrace.testing.conformance import BackendConformance

    class TestMine(BackendConformance):
        @pytest.fixture
        async def backend(self, clock):
            backend = MyBackend(clock=clock)
            await backend.open()
            yield backend
            await backend.close()

It needs pytest and pytest-asyncio (``asyncio_mode = "auto"``), speaks to the protocols of :mod:`headrace.storage`
alone, never sleeps, and gives every test an empty store: ``backend`` must not keep what an earlier test stored.
Where ``capabilities`` says no, the refusal is tested instead.
"""

from __future__ import annotations

import pkgutil

import pytest

# Without this, a failing assert in an author's test run would tell no values: pytest rewrites only test files.
pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)))

from headrace.testing.conformance.suite import BackendConformance  # noqa: E402

__all__ = ["BackendConformance"]
