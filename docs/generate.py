"""Writes the pages of the documentation that are made from the source: ``python docs/generate.py``.

A test compares the pages with what this makes, so they are never behind.
"""

from __future__ import annotations

import json
from pathlib import Path

from generator import api, command_line, configuration, errors, events, http, limits

from headrace.server.openapi import openapi
from headrace.server.operations import all_operations

DOCS = Path(__file__).resolve().parent

BESIDE = (
    ("headrace.tasks.options", "JobOptions"),
    ("headrace.tasks.define", "TaskSettings"),
    ("headrace.tasks.defaults", "TaskDefaults"),
    ("headrace.model.catalogue", "TaskRecord"),
    ("headrace.model.catalogue", "TaskVersion"),
    ("headrace.app.migration", "Misfit"),
    ("headrace.app.migration", "Migration"),
    ("headrace.tasks.schedules", "ScheduleSettings"),
    ("headrace.app.schedules", "Schedules"),
    ("headrace.app.events", "Events"),
    ("headrace.app.webhooks.webhooks", "Webhooks"),
    ("headrace.model.webhook", "Webhook"),
    ("headrace.model.event", "JobEvent"),
    ("headrace.model.event", "EventKind"),
    ("headrace.model.event", "EventPage"),
    ("headrace.model.event", "EventRetention"),
    ("headrace.storage.events", "EventLogStatus"),
    ("headrace.model.rules", "CronRule"),
    ("headrace.model.rules", "EveryRule"),
    ("headrace.model.rules", "AtRule"),
    ("headrace.model.rules", "Planned"),
    ("headrace.model.schedule", "Firing"),
    ("headrace.app.sync", "SyncDesk"),
    ("headrace.app.sync_schedules", "SyncSchedules"),
    ("headrace.app.sync_events", "SyncEvents"),
    ("headrace.app.sync_webhooks", "SyncWebhooks"),
    ("headrace.app.sync_handle", "SyncJobHandle"),
    ("headrace.app.worker", "AppWorker"),
    ("headrace.engine.worker", "WorkerHealth"),
    ("headrace.engine.registry", "WorkerRecord"),
    ("headrace.engine.context", "JobContext"),
    ("headrace.model.job", "Job"),
    ("headrace.model.job", "Attempt"),
    ("headrace.model.job", "ErrorInfo"),
    ("headrace.model.job", "Progress"),
    ("headrace.model.job", "LogLine"),
    ("headrace.model.page", "Page"),
    ("headrace.model.queue", "JobCount"),
    ("headrace.model.queue", "QueueSettings"),
    ("headrace.model.errors", "ErrorGroup"),
    ("headrace.engine.dead_watch", "DeadDepth"),
    ("headrace.model.explanation", "Explanation"),
    ("headrace.client", "Client"),
    ("headrace.client", "RemoteJob"),
    ("headrace.client", "TaskCall"),
    ("headrace.app.keys", "Keys"),
    ("headrace.app.keys", "ApiKey"),
    ("headrace.app.triage", "Triage"),
    ("headrace.model.errors", "ErrorMark"),
    ("headrace.app.bulk", "Bulk"),
    ("headrace.app.sync_bulk", "SyncBulk"),
    ("headrace.app.sync_triage", "SyncTriage"),
    ("headrace.app.sync_keys", "SyncKeys"),
    ("headrace.model.operation", "Operation"),
    ("headrace.model.operation", "Preview"),
    ("headrace.model.edits", "Edits"),
    ("headrace.storage.jobs", "Changed"),
    ("headrace.model.payload", "Codec"),
    ("headrace.telemetry", "Telemetry"),
    ("headrace.contrib.json_lines", "JsonLines"),
    ("headrace.contrib.json_lines", "read_lines"),
    ("headrace.contrib.recorder", "Recorder"),
    ("headrace.contrib.recorder", "Event"),
    ("headrace.server", "create_app"),
    ("headrace.server", "ServerSettings"),
    ("headrace.server", "Authenticator"),
    ("headrace.server", "Principal"),
    ("headrace.testing.harness", "AppHarness"),
    ("headrace.testing.sync_harness", "SyncHarness"),
    ("headrace.testing.enqueued", "EnqueuedJob"),
    ("headrace.testing.report", "DrainReport"),
    ("headrace.testing.report", "Run"),
    ("headrace.testing.spy", "Spy"),
    ("headrace.testing.processes", "WorkerProcesses"),
    ("headrace.testing.processes", "WorkerProcess"),
    ("headrace.contrib.job_log", "log_jobs"),
    ("headrace.contrib.opentelemetry", "OpenTelemetry"),
    ("headrace.contrib.prometheus", "PrometheusMetrics"),
    ("headrace.contrib.prometheus", "StoreCollector"),
    ("headrace.contrib.prometheus", "MetricsServer"),
    ("headrace.model.queue", "QueueStats"),
    ("headrace.model.queue", "QueueRate"),
    ("headrace.logs", "LogConfig"),
    ("headrace.logs", "set_up_logging"),
    ("headrace.logs", "set_levels"),
    ("headrace.logs", "add_fields"),
    ("headrace.testing.clock", "FrozenClock"),
    ("headrace.testing.fault_plans", "Outage"),
    ("headrace.testing.fault_plans", "Script"),
)
"""What public methods take and answer, and what tests import; the names of ``headrace`` itself come first."""


def pages() -> dict[str, str]:
    """Every generated page, by its path below ``docs``."""
    return {
        "reference/api.md": api.page(BESIDE),
        "reference/errors.md": errors.page(),
        "reference/cli.md": command_line.page(),
        "reference/error-codes.md": command_line.codes_page(),
        "reference/configuration.md": configuration.page(),
        "reference/events.md": events.page(),
        "explanation/limits.md": limits.page(),
        "reference/http.md": http.page(),
        "reference/openapi.json": json.dumps(openapi(all_operations()), indent=1, ensure_ascii=False) + "\n",
    }


def main() -> None:
    """Write them all."""
    for name, text in pages().items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
