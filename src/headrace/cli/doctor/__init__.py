"""``headrace doctor``: what is wrong with this installation and this store, and how to put it right."""

from __future__ import annotations

import click

from headrace.cli.faults import Exit, Fault
from headrace.cli.stores import find_store, resolve_store, store_option


@click.command("doctor")
@store_option
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", help="How to print it. [table]")
@click.option("--json", "output", flag_value="json", help="The same as -o json.")
@click.option("-v", "--verbose", is_flag=True, help="Name the checks that passed as well.")
def command(store: str | None, output: str, verbose: bool) -> int:
    """Look for what is wrong, and say how to put it right. Without a store only the installation is looked at.

    Prints one line for each problem. Exit 9 when one of them is a fault; warnings alone leave it at 0.

    \b
    Examples:
      headrace doctor
      headrace doctor --store sqlite:///jobs.db --json
    """
    from headrace.cli.doctor.host import check_host
    from headrace.cli.doctor.setup import check_configuration
    from headrace.cli.doctor.shop import check_store
    from headrace.cli.output import note, print_json

    results = [*check_host(), *check_configuration()]
    if any(result.check == "configuration" and result.level == "fault" for result in results):
        note("the configuration is wrong, so the store is not looked at")
    elif _has_store(store):
        results += check_store(resolve_store(store, may_create=True))
    else:
        note("no store is given, so only the installation is looked at; add --store URL")
    bad = [result for result in results if result.level != "ok"]
    faults = [result for result in bad if result.level == "fault"]
    if output == "json":
        print_json(
            {"schema": "headrace.doctor/1", "healthy": not faults, "checks": [each._asdict() for each in results]}
        )
        return Exit.BAD_ANSWER if faults else Exit.DONE
    for result in results if verbose else bad:
        click.echo(f"{result.level}: {result.check}: {result.message}")
        if result.fix:
            click.echo(f"  try: {result.fix}")
    passed = len(results) - len(bad)
    click.echo(f"{passed} checks passed" + (f", {len(bad)} did not" if bad else ""))
    return Exit.BAD_ANSWER if faults else Exit.DONE


def _has_store(store: str | None) -> bool:
    try:
        return find_store(store) is not None
    except Fault:
        return False  # The app, which alone knows where its jobs are, cannot be imported: that is a finding already.
