"""The memory store: the reference. It is the executable specification that every other store is compared with.

Where the ports leave a choice, these modules settle it, each in its docstring: :mod:`.enqueueing`, :mod:`.claiming`,
:mod:`.finishing`, :mod:`.changing` and :mod:`.upkeep`. Nothing outlives the process; nothing is installed.
"""

from __future__ import annotations

from headrace.backends.memory.backend import MemoryBackend

__all__ = ["MemoryBackend"]
