from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.harness import Programs


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """Real processes on one store; those that still run at the end of the test are killed."""
    started = Programs(tmp_path)
    yield started
    started.close()
