"""Another program that holds the database's write lock until it is told to let go (SIGTERM)."""

from __future__ import annotations

import signal
from contextlib import closing

import apsw

from headrace.backends.sqlite.location import parse_url
from tests.acceptance.programs.common import read_orders, say


def main(url: str) -> None:
    """Lock, tell, wait, let go."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    with closing(apsw.Connection(str(parse_url(url).path))) as connection:
        connection.set_busy_timeout(10_000)
        connection.execute("BEGIN EXCLUSIVE")
        say("locked")
        signal.sigwait([signal.SIGTERM])
        connection.execute("ROLLBACK")
    say("stopped")


if __name__ == "__main__":
    main(read_orders().url)
