"""Two transactions at the same moment, of which the second has to look again."""

from __future__ import annotations

from headrace.errors import Unavailable


class Contended(Unavailable):
    """Another transaction took an id or a key that was free, or began a job: seen anew, the answer is another."""
