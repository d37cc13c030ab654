"""Running the machine as an ordinary test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.machine import MakeBackend, StoreMachine

EXAMPLES = 25
STEPS = 40


def run_machine(make: MakeBackend, *, examples: int = EXAMPLES, of: type[StoreMachine] = StoreMachine) -> None:
    """Compare the stores that ``make`` gives with the memory store. ``HEADRACE_ROUNDS`` multiplies the examples."""
    rounds = int(os.environ.get("HEADRACE_ROUNDS", "1"))
    machine = type("Machine", (of,), {"make": staticmethod(make)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples * rounds,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
