"""The garbage collector in a process that is headrace's own: a server, or a worker that was started as a command."""

from __future__ import annotations

import gc

YOUNG_MAX = 10_000
"""Objects that are made before the garbage collector looks for cycles among them, where Python looks after 700: some
hundred requests' or jobs' worth, and the few that one leaves behind are not in cycles."""


def spare_the_collector() -> None:
    """Let the collector leave alone what is loaded: it stays. Call it once, when everything is.

    Going through all of it, now and then, would hold up every request and every job for some 15 ms, and several times
    that where large libraries are loaded. In a process of somebody else's the collector is theirs: see decision 63.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, *gc.get_threshold()[1:])
