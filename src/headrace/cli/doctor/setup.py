"""Checks of the configuration, and of the app that it names."""

from __future__ import annotations

from headrace.cli.doctor.findings import Finding, fault, ok
from headrace.cli.secrets import masked
from headrace.cli.settings import inspected


def check_configuration() -> list[Finding]:
    """Every problem of every source is a fault; an app that is named must import and have tasks."""
    found = inspected()
    problems = [fault("configuration", masked(problem), "headrace config list --origin") for problem in found.problems]
    if problems:
        return problems
    findings = [ok("configuration", f"{len(found.origins)} settings")]
    if found.settings.app is not None:
        findings.append(_check_app(found.origin("app")))
    return findings


def _check_app(origin: str) -> Finding:
    from headrace.cli.faults import Fault
    from headrace.cli.loading import load_named_app, named_app

    name = named_app(None)
    try:
        _, app = load_named_app(None)
    except Fault as error:
        hints = "; ".join((error.message, *error.notes))
        return fault("app", f"{name} (from {origin}): {hints}", f"headrace worker {name} --debug")
    if not app.tasks:
        return fault("app", f"{name} has no tasks", "import the modules with tasks where the app is made")
    return ok("app", f"{name} with {len(app.tasks)} tasks")
