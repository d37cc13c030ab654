"""A setting by the name that a person gives."""

from __future__ import annotations

from headrace.cli.faults import did_you_mean, usage
from headrace.config.keys import Key, all_keys


def find_key(name: str) -> Key:
    """The setting of that name. Raises a fault with the near names; ``lease`` is near to ``worker.lease``."""
    keys = all_keys()
    if name in keys:
        return keys[name]
    same_end = [each for each in keys if each.rpartition(".")[2] == name]
    notes = [f"did you mean {same_end[0]!r}?"] if same_end else did_you_mean(name, keys, what="settings")
    raise usage(f"no setting {name!r}", code="60", word=name, notes=notes, fixes=["headrace config list"])
