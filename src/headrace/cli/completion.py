"""``headrace completion``."""

from __future__ import annotations

import click

from headrace.cli.faults import usage

VARIABLE = "_HEADRACE_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), required=False)
@click.option("--refresh", is_flag=True, hidden=True)
@click.pass_context
def command(ctx: click.Context, shell: str | None, refresh: bool) -> None:
    """Print the script that lets a shell complete commands, options, and the names of queues, tasks, jobs and settings.

    Names from the store are at most half a minute old.

    \b
    Put into ~/.bashrc: eval "$(headrace completion bash)", or the same with zsh into ~/.zshrc.
    For fish: headrace completion fish > ~/.config/fish/completions/headrace.fish

    \b
    Examples:
      headrace completion bash
      headrace completion fish
    """
    if refresh:
        from headrace.cli.completing import refresh as ask_the_store

        ask_the_store()
        return
    if shell is None:
        raise usage("no shell is named", notes=["shells: bash, zsh, fish"], fixes=["headrace completion bash"])
    click.echo(script(ctx.find_root().command, shell))


def script(root: click.Command, shell: str) -> str:
    """The completion script of a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    source = kind(root, {}, "headrace", VARIABLE)
    # Not source(): that looks for the shell first, and a script may be made where the shell is not.
    text = source.source_template % source.source_vars()
    # Of fish, click's script takes a description up to its first comma.
    return text.replace('string split ","', 'string split --max 1 ","')
