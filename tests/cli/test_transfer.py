"""Jobs in a file: what is exported can be imported as it was, and what is redacted stays at home."""

import asyncio
import json
import stat
from pathlib import Path

import pytest

from headrace import Headrace
from headrace.model.job import JobState
from tests.cli.support import Cli

ENQUEUE = ("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail", "--priority", "7", "--tag", "vip")


@pytest.fixture
def jobs_file(cli: Cli, folder: Path) -> Path:
    cli.ok(*ENQUEUE, "--metadata", "source=shop", "--delay", "1h", "--idempotency-key", "k-1")
    cli.ok("job", "export", "queue:mail", "--to", "jobs.ndjson")
    return folder / "jobs.ndjson"


def other(folder: Path) -> Cli:
    return Cli(f"sqlite:///{folder / 'other.db'}")


@pytest.mark.parametrize("keep", [True, False])
def test_what_is_exported_is_enqueued_elsewhere_as_it_was(cli: Cli, jobs_file: Path, folder: Path, keep: bool) -> None:
    target = other(folder)
    assert "1 of 1 jobs enqueued" in target.ok("job", "import", "jobs.ndjson", *(["--keep-ids"] if keep else []))
    [before], [after] = (each.json("job", "list")["items"] for each in (cli, target))
    before, after = (each.json("job", "get", job["id"]) for each, job in ((cli, before), (target, after)))
    assert (before["id"] == after["id"]) is keep
    changing = {"id", "enqueued_at", "schema"}
    assert {name: before[name] for name in before if name not in changing} == {
        name: after[name] for name in after if name not in changing
    }
    assert (after["state"], after["args"], after["metadata"]) == ("scheduled", {"name": "Ada"}, {"source": "shop"})


def test_work_that_the_store_knows_is_not_enqueued_again(cli: Cli, jobs_file: Path) -> None:
    told = cli.json("job", "import", "jobs.ndjson")
    assert (told["read"], told["enqueued"], told["present"]) == (1, 0, 1)
    assert len(cli.json("job", "list")["items"]) == 1


def test_a_dry_run_reads_the_file_alone(folder: Path, cli: Cli, jobs_file: Path) -> None:
    assert "would enqueue 1 of 1" in other(folder).ok("job", "import", "jobs.ndjson", "--dry-run")
    assert not (folder / "other.db").exists()


def test_what_is_redacted_is_not_written_and_cannot_be_imported(cli: Cli, folder: Path) -> None:
    cli.ok("job", "enqueue", "login", "--args", '{"user": "ada", "password": "hunter2"}', "--tag", "of hunter2")
    cli.ok("job", "export", "task:login", "--to", "safe.ndjson")
    line = json.loads((folder / "safe.ndjson").read_text())
    assert (line["args"], line["redacted"]) == ({"user": "ada", "password": "[redacted]"}, True)
    assert line["tags"] == ["of [redacted]"]
    refused = other(folder)("job", "import", "safe.ndjson")
    assert (refused.exit_code, "1 left out" in refused.stdout) == (8, True)
    cli.ok("job", "export", "task:login", "--to", "whole.ndjson", "--reveal")
    assert stat.S_IMODE((folder / "whole.ndjson").stat().st_mode) == 0o600
    other(folder).ok("job", "import", "whole.ndjson")
    [job] = other(folder).json("job", "list")["items"]
    assert other(folder).json("job", "get", job["id"], "--reveal")["args"]["password"] == "hunter2"


def test_arguments_of_other_codecs_come_back_byte_by_byte(url: str, folder: Path, cli: Cli) -> None:
    app = Headrace(url)

    @app.task(name="pack", codec="msgpack")
    def pack(n: int) -> None: ...

    async def enqueue() -> bytes:
        async with app:
            return (await (await pack.enqueue(7)).get()).payload

    payload = asyncio.run(enqueue())
    cli.ok("job", "export", "task:pack", "--to", "packed.ndjson")
    other(folder).ok("job", "import", "packed.ndjson")

    async def read() -> bytes:
        async with Headrace(f"sqlite:///{folder / 'other.db'}") as there:
            [job] = (await there.find(states=[JobState.QUEUED])).items
            assert job.codec == "msgpack"
            return job.payload

    assert asyncio.run(read()) == payload


def test_a_file_is_not_overwritten_and_a_broken_one_enqueues_nothing(cli: Cli, jobs_file: Path, folder: Path) -> None:
    refused = cli("job", "export", "queue:mail", "--to", "jobs.ndjson")
    assert (refused.exit_code, "is there already" in refused.stderr) == (2, True)
    with jobs_file.open("a") as file:
        file.write('{"id": 7}\n')
    broken = other(folder)("job", "import", "jobs.ndjson")
    assert (broken.exit_code, "line 2" in broken.stderr) == (2, True)
    assert not (folder / "other.db").exists()


def test_a_difference_is_told_field_by_field(cli: Cli) -> None:
    first = cli.ok("job", "enqueue", "greet", "--args", '{"to": {"name": "Ada"}, "n": 1}').strip()
    second = cli.ok("job", "enqueue", "greet", "--args", '{"to": {"name": "Bob"}, "n": 1}', "--tag", "x").strip()
    told = cli.json("job", "diff", first, second)
    found = {item["field"]: (item["a"], item["b"]) for item in told["items"]}
    assert found.pop("enqueued_at")
    found.pop("run_at", None)
    assert found == {"args.to.name": ("Ada", "Bob"), "tags": ([], ["x"])}
    assert "args.to.name  Ada" in cli.ok("job", "diff", first, second)
    assert cli.json("job", "diff", first, first)["items"] == []


def test_the_log_of_a_job_is_told_and_followed_to_its_end(cli: Cli, url: str) -> None:
    app = Headrace(url)

    @app.task(name="talk")
    async def talk(password: str) -> None:
        from headrace import current_job

        current_job().log(f"knock with {password}")
        await asyncio.sleep(0)
        current_job().log("done", level="warning")

    async def run() -> str:
        async with app, app.worker():
            handle = await talk.enqueue("hunter2")
            await handle.result(timeout=20)
            return handle.id

    job_id = asyncio.run(run())
    for words in (["job", "logs", job_id], ["job", "logs", job_id, "--follow"]):
        lines = cli.ok(*words).splitlines()
        assert [line.split("  ")[-1] for line in lines] == ["knock with [redacted]", "done"]
    assert "knock with hunter2" in cli.ok("job", "logs", job_id, "--reveal", "-o", "ndjson")
    assert cli("job", "logs", "01900000-0000-7000-8000-000000000000").exit_code == 3
