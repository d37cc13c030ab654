"""``headrace help``: the few things that hold for every command."""

from __future__ import annotations

import click

from headrace.cli.faults import did_you_mean, usage

TOPICS = {
    "exit-codes": """\
0    done
1    failed, unexpectedly; a worker that could not fetch jobs any more
2    wrong usage, or a bad query
3    not found
4    not allowed: a protected or read-only profile
5    wrong state
6    store unreachable
7    time limit reached (job watch or wait --timeout)
8    partly done: some of several jobs
9    finished, and the answer is bad: the watched job failed, doctor or store check found a fault
130  interrupted
141  the reader of the output went away""",
    "formatting": """\
-o table     for people; into a pipe the same columns, whole, without colour and lines
-o wide      more columns
-o json      {"schema": "headrace.job.list/1", "items": [...], "next_cursor": ..., "complete": ...}
-o ndjson    one JSON object a line
-o yaml      the same document as YAML
-o csv       a header and one line for each
-o name      one id or name a line, for xargs and for: headrace job retry -
--json A,B   JSON with these fields only; error.type reaches into a field

Data goes to stdout, notes and errors to stderr; -q leaves the notes out. Times in data are RFC 3339 in UTC, and
integers beyond 2**53 are text. For people times are relative; --utc and --tz Europe/Paris make them instants. With -o
json an error is one JSON object on stderr: code, message, hint, fix, docs, retryable.
Colour: --color auto|always|never, NO_COLOR, CLICOLOR_FORCE. The setting output.format says what -o is without -o.""",
    "ids": """\
019a0b0c-0d0e-7123-bfff-ffffffffffff   a whole id
019a0b0c-0d0e                          its beginning, from eight letters on, where only one job has it
@last                                  the job that was enqueued last
@-2                                    the one before it, @-3 the one before that
@failed                                the newest dead job
-                                      those on stdin, one a line: headrace job list state:dead -o name | ...""",
    "query": """\
headrace job list 'state:dead task:mail.* since:2h -tag:test'

FIELD:VALUE   all must match; OR between two, NOT or - before one, parentheses around several
text          somewhere in the task, queue, arguments, error, reason, worker, key or tags
a,b           one of them            "a b"     exactly so, spaces and * included
mail.*        * any text, ? a letter ~part     holds the part, in any case
>5 >=5 <5     compared               3..5      from, to; either end may be left out

Fields with text     id queue task tag worker key; error and reason look for a part
Fields with numbers  priority attempt version
Fields with times    enqueued due started finished expires: 2h is two hours ago, +1h in an hour, 2025-01-31 that day,
                     2025-01-31T09:00:00Z; since:2h and until:1h are short for enqueued
Fields with lengths  wait run: wait:>5m
Fields with sizes    size, of the arguments: size:>100KiB
Fields with states   state: a state, or pending (scheduled queued waiting), unfinished, ended, failed (dead expired)
args.PATH meta.PATH  a value in the arguments or metadata: args.user.id:42 args.items.0:pen

In headrace job list alone, because it is asked of more than the job:
why:REASON           not running for that reason: paused limit rate order no_worker unknown_task newer_version
                     expired behind next scheduled retry due not_known waiting
caused-by:OPERATION  changed by that operation, within its first week
run:>p95             ran longer than 95 of 100 jobs of its own task; also p1 to p99 and < <= >=

Ids, times of enqueuing, and states with few jobs are found by an index. Anything else looks at the newest 100,000
jobs and then says how far it came and how to go on. In a shell a word that begins with - is an option: write NOT
tag:test, or quote the whole search after another word.""",
    "environment": """\
HEADRACE_STORE   the store when --store is not given, such as sqlite:////var/lib/jobs.db; for headrace worker and
                 job enqueue --app it goes before the URL in the program
HEADRACE_APP     the app when none is named
HEADRACE_...     every setting has its variable: worker.lease is HEADRACE_WORKER_LEASE; headrace config list -o wide
                 shows them all
HEADRACE_PROFILE the profile, instead of the one in use
HEADRACE_CONFIG  the project file, instead of looking for headrace.toml or pyproject.toml
XDG_CONFIG_HOME  your own settings are in headrace/config.toml below it [~/.config]
CLICOLOR_FORCE   set to 1: colour into pipes too
NO_COLOR         set to anything: no colour""",
}


@click.command("help")
@click.argument("topic", required=False)
@click.pass_context
def command(ctx: click.Context, topic: str | None) -> None:
    """Explain TOPIC: query, ids, formatting, exit-codes or environment.

    \b
    Examples:
      headrace help exit-codes
      headrace help query
    """
    if topic is None:
        assert ctx.parent is not None
        click.echo(ctx.parent.get_help())
        click.echo(f"\nTopics: {', '.join(TOPICS)}")
    elif topic in TOPICS:
        click.echo(TOPICS[topic])
    else:
        raise usage(f"no help on {topic!r}", code="19", word=topic, notes=did_you_mean(topic, TOPICS, what="topics"))
