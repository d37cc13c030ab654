"""Why jobs and occurrences were changed, where whoever changed them did not say: by people, not by code."""

from __future__ import annotations

from typing import Final

CANCELLED: Final = "cancelled by a person"
DISCARDED: Final = "discarded by a person"
SKIPPED: Final = "skipped by a person"
