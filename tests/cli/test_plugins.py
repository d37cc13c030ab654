"""Other packages add commands; a broken one breaks nothing else."""

from pathlib import Path

import pytest

from tests.cli.support import Cli

PLUGIN = """
import click

@click.command("billing")
@click.option("--month")
def command(month):
    \"\"\"Bills.\"\"\"
    click.echo(f"bills of {month}")
"""


@pytest.fixture
def package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with one command that works, two that do not, and one with a built-in name."""
    (folder / "acme_headrace.py").write_text(PLUGIN)
    (folder / "acme_broken.py").write_text("raise RuntimeError('half installed')\n")
    info = folder / "acme-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[headrace.commands]\nbilling = acme_headrace:command\nbroken = acme_broken:command\n"
        "wrong = acme_headrace:PLUGIN_MISSING\njob = acme_headrace:command\n"
    )
    monkeypatch.syspath_prepend(str(folder))


def test_a_plugin_is_in_the_help_and_runs(cli: Cli, package: None) -> None:
    text = cli.ok("--help")

    assert "Plugins:" in text
    assert "from acme 1.2" in text
    assert cli.ok("billing", "--month", "May", "-q") == "bills of May\n"


def test_a_broken_plugin_is_named_and_all_else_works(cli: Cli, package: None) -> None:
    for name, why in (("broken", "half installed"), ("wrong", "PLUGIN_MISSING")):
        result = cli(name)
        assert result.exit_code == 1
        assert "of acme cannot be used" in result.stderr
        assert why in result.stderr
    cli.ok("--help")
    cli.ok("job", "enqueue", "greet")


def test_a_plugin_does_not_take_a_built_in_name(cli: Cli, package: None) -> None:
    assert "bills" not in cli.ok("job", "--help").lower()


def test_a_misspelt_plugin_is_near(cli: Cli, package: None) -> None:
    assert "'billing'" in cli("biling").stderr
