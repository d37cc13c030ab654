"""How much of a seeded test to run: a little in every run of the tests, much more in ``make soak``."""

import os

ROUNDS = max(1, int(os.environ.get("HEADRACE_ROUNDS", "1")))
"""``HEADRACE_ROUNDS`` multiplies the seeds and rounds of the tests that have them."""
