"""A log file that processes share: no line is lost or torn, however often it rotates."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from headrace.logs.rotation import SharedFileHandler

PROCESSES, LINES = 4, 5_000
RATE_MIN = 10_000

WRITER = """
import logging, sys
from headrace.logs import LogConfig, set_up_logging
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
set_up_logging(LogConfig(format="json", file=path, max_bytes=200_000, keep=100))
log = logging.getLogger("writer")
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
for number in range(count):
    log.info("line", extra={"writer": name, "number": number})
"""


def start_writer(path: Path, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(LINES)]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    return writer


def test_no_line_of_several_processes_is_lost_at_ten_thousand_a_second(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    writers = [start_writer(path, f"w-{number}") for number in range(PROCESSES)]
    begun = time.monotonic()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    took_s = time.monotonic() - begun

    import msgspec

    files = [each for each in tmp_path.iterdir() if each.suffix != ".lock"]
    lines = [msgspec.json.decode(line) for each in files for line in each.read_bytes().splitlines()]
    seen = Counter((line["fields"]["writer"], line["fields"]["number"]) for line in lines)
    assert len(files) > 5
    assert all(each.stat().st_size <= 200_000 for each in files)
    assert seen == Counter((f"w-{number}", line) for number in range(PROCESSES) for line in range(LINES))
    assert PROCESSES * LINES / took_s > RATE_MIN / 4, "far from the rate, even on a machine that others use"


def write(handler: SharedFileHandler, text: str) -> None:
    handler.emit(logging.LogRecord("shop", logging.INFO, "", 0, text, (), None))


def test_only_the_newest_files_are_kept_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "worker.log"
    handler = SharedFileHandler(path, max_bytes=6, keep=2)
    for text in ("first", "second", "third", "fourth"):
        write(handler, text)
    handler.close()
    handler.close()
    texts = {each.name: each.read_text() for each in path.parent.iterdir()}
    assert texts == {
        "worker.log": "fourth\n",
        "worker.log.1": "third\n",
        "worker.log.2": "second\n",
        "worker.log.lock": "",
    }


@pytest.mark.parametrize("gone", ["deleted", "renamed"])
def test_a_file_that_somebody_took_away_is_made_anew(tmp_path: Path, gone: str) -> None:
    path = tmp_path / "worker.log"
    handler = SharedFileHandler(path, max_bytes=1_000, keep=2)
    write(handler, "before")
    path.unlink() if gone == "deleted" else path.rename(tmp_path / "elsewhere")
    write(handler, "after")
    handler.close()
    assert path.read_text() == "after\n"
