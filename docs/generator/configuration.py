"""The page of the settings."""

from __future__ import annotations

from generator.markdown import NOTE, cell
from headrace.config.keys import SELECTORS, Key, all_keys, profile_keys
from headrace.config.values import kind_text, to_text


def page() -> str:
    """The settings, from the fields that hold them."""
    rows = [
        f"| `{key.name}` | {kind_text(key)} | {_shown_default(key)} | `{key.variable}` | {cell(_meaning(key))} |"
        for key in all_keys().values()
    ]
    profile = [
        f"| `{key.name}` | {kind_text(key)} | {_shown_default(key)} | {cell(key.text)} |"
        for key in profile_keys().values()
    ]
    selectors = [f"| `{name}` | {text} |" for name, text in SELECTORS.items()]
    return "\n".join(
        [
            "# Configuration\n",
            NOTE,
            "How to write settings down is told at [Configure](../how-to/configure.md). The strongest source first:",
            "arguments, the environment, the project file (`headrace.toml`, or `[tool.headrace]` in `pyproject.toml`),",
            "the profile in use, the default. A dot in a name is a table: `worker.lease` is `lease` in `[worker]`. A",
            "duration is a number with its unit, `30s`, `1h30m` or `250ms`.\n",
            "## Settings\n",
            "| setting | type | default | variable | meaning |",
            "|---|---|---|---|---|",
            *rows,
            "\n`worker.*` are the fields of [WorkerConfig](api.md#workerconfig): a program hands them to",
            "`app.worker(...)` by name, or to `Headrace(worker=WorkerConfig(...))` for all workers of the app.\n",
            "## In a profile\n",
            "A profile is a table `[profile.NAME]` in `~/.config/headrace/config.toml` (below `XDG_CONFIG_HOME` where",
            "that is set). It can have every setting, and these:\n",
            "| setting | type | default | meaning |",
            "|---|---|---|---|",
            *profile,
            "\n## Which files count\n",
            "| variable | meaning |",
            "|---|---|",
            *selectors,
            "| `NO_COLOR` | no colour |",
            "| `CLICOLOR_FORCE` | colour into pipes too |",
            "\n## An app\n",
            "See [Headrace](api.md#headrace): `url`, `backend`, `worker`, `payload_limit`, `codecs`, `telemetry`,",
            "`defaults`. A plain `Headrace(...)` reads no file and no variable; `Headrace.from_config()` reads them",
            "all.\n",
            "## The store\n",
            "Options in the URL are listed at [SQLite](../how-to/sqlite.md#the-url).\n",
        ]
    )


def _meaning(key: Key) -> str:
    if key.path[:-1] == ("worker", "retention"):
        return f"how long a job that ended as {key.path[-1]} is kept, where its queue does not say otherwise."
    return key.text


def _shown_default(key: Key) -> str:
    return f"`{to_text(key.default)}`"
