"""The triggers that mark lanes whose jobs moved: there while the store's rules make lanes, and only then.

Where nothing is limited they would never fire, and yet cost a sixth of a bulk enqueue: SQLite copies every row that a
trigger might ask for.
"""

from __future__ import annotations

from collections.abc import Callable

import apsw

from headrace.backends.sqlite.statements import sql
from headrace.storage.lanes.rules import decode_rules

LANE_TRIGGERS = ("lane_entered", "lane_moved", "lane_freed", "lane_changed", "lane_left")


def watch_lanes(run: Callable[[str], object]) -> None:
    """Make the triggers that are not there, with what runs a statement by its name."""
    for trigger in LANE_TRIGGERS:
        run(trigger)


def unwatch_lanes(run: Callable[[str], object]) -> None:
    """Drop those that are there."""
    for trigger in LANE_TRIGGERS:
        run(f"forget_{trigger}")


def lanes_unwatched(connection: apsw.Connection) -> bool:
    """Whether the store has lanes and lacks triggers: after a migration, or a change by an older release."""
    [(rules,)] = connection.execute(sql("rules"))
    [(present,)] = connection.execute(sql("count_lane_triggers"))
    return decode_rules(rules).any_lanes and present < len(LANE_TRIGGERS)
