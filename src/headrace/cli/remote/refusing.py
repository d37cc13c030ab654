"""What is said of what a server does not offer."""

from __future__ import annotations

from headrace.cli.faults import Fault, usage


def needs_a_store(what: str) -> Fault:
    """The fault for what a server does not offer."""
    return usage(
        f"this command needs the store itself: a server does not offer {what}",
        code="63",
        notes=["it was given the address of a server, by --store, HEADRACE_STORE or a profile"],
        fixes=["the same command with --store and the URL of the store, on a machine that reaches it"],
    )
