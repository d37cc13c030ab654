"""The deployment files are right as far as can be told without an engine that runs them."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import kubernetes_validate
import pytest
import yaml

from headrace import Headrace
from headrace.model.durations import parse_duration
from headrace.server import create_app
from tests.deploy.manifests import (
    AFTER_THE_GRACE,
    COMPOSE,
    KUBERNETES,
    ROOT,
    compose_services,
    documents,
    grace_of,
    parsed,
    unknown_settings,
)

DEPLOYMENTS = list(documents("Deployment"))
BUILT_IN = [each for each in documents() if re.fullmatch(r"v1|apps/v1|policy/v1", each["apiVersion"])]
OF_KEDA = [each for each in documents() if each["apiVersion"].startswith("keda.sh/")]
SERVICES = dict(compose_services())
KEDA = json.loads((Path(__file__).parent / "keda.schema.json").read_text("utf-8"))


def _pod(deployment: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


def _name(each: dict[str, Any]) -> str:
    return str(each["metadata"]["name"])


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    found = subprocess.run([hadolint, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_the_image_is_not_run_by_root_and_headrace_gets_its_signals() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", stages[1], re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["headrace"\]$', stages[1], re.MULTILINE)
    assert "/health/live" in stages[1]


def test_what_the_image_is_made_from_is_let_into_its_context() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    sources = {each for line in copied for each in line.split()}
    assert sources == let_in
    assert all((ROOT / each).exists() for each in sources)


def test_the_health_check_of_the_image_is_a_program_that_ends_with_the_answer(tmp_path: Path) -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    found = re.search(r"HEALTHCHECK .*?CMD (\[.*?\])$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    program = json.loads(found.group(1))
    assert program[:2] == ["python", "-c"]
    nobody_listens = program[2].replace("8080", "1")
    assert subprocess.run([sys.executable, "-c", nobody_listens], capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("document", BUILT_IN, ids=_name)
def test_built_in_kinds_of_kubernetes_fit_their_schemas(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_every_manifest_is_of_a_kind_that_is_checked() -> None:
    assert len(BUILT_IN) + len(OF_KEDA) + 1 == len(list(documents()))


@pytest.mark.parametrize("document", OF_KEDA, ids=_name)
def test_kinds_of_keda_have_only_fields_that_we_know(document: dict[str, Any]) -> None:
    jsonschema.validate(document, KEDA)


def test_kustomize_lists_every_manifest() -> None:
    [listed] = documents("Kustomization")
    assert sorted(listed["resources"]) == [path.name for path in KUBERNETES if path.name != "kustomization.yaml"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=_name)
def test_pods_run_without_privileges_and_within_limits(deployment: dict[str, Any]) -> None:
    pod = _pod(deployment)
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=_name)
def test_the_command_of_a_pod_is_one_and_has_time_to_stop(deployment: dict[str, Any]) -> None:
    pod = _pod(deployment)
    [container] = pod["containers"]
    environment = {each["name"]: str(each.get("value", "")) for each in container["env"]}
    assert not unknown_settings(environment)
    needed = grace_of(container["args"], environment) + AFTER_THE_GRACE
    assert pod["terminationGracePeriodSeconds"] >= needed.total_seconds()


@pytest.mark.parametrize("kind", ["PodDisruptionBudget", "Service"])
def test_selectors_find_the_pods_of_a_deployment(kind: str) -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"].items() for each in DEPLOYMENTS]
    for each in documents(kind):
        selector = each["spec"]["selector"]
        wanted = selector.get("matchLabels", selector).items()
        assert [wanted <= found for found in labels].count(True) == 1


def test_the_scaler_scales_a_deployment_by_a_queue_that_it_serves() -> None:
    [scaler] = documents("ScaledObject")
    [worker] = [each for each in DEPLOYMENTS if _name(each) == scaler["spec"]["scaleTargetRef"]["name"]]
    [trigger] = scaler["spec"]["triggers"]
    [service] = documents("Service")
    host, _, queue = trigger["metadata"]["url"].removeprefix("http://").partition("/v1/queues/")
    assert host == _name(service)
    served = parsed(_pod(worker)["containers"][0]["args"])["queues"]
    assert queue in [each.partition("=")[0] for each in served]
    assert "replicas" not in worker["spec"]  # else applying the file again would undo the scaler's work


@pytest.mark.parametrize("name", SERVICES)
def test_compose_runs_commands_that_there_are_with_time_to_stop(name: str) -> None:
    service = SERVICES[name]
    assert not unknown_settings(service["environment"])
    needed = grace_of(service["command"], {}) + AFTER_THE_GRACE
    assert parse_duration(service["stop_grace_period"]) >= needed
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_compose_opens_ports_on_this_machine_only_and_names_no_secret(path: Path) -> None:
    text = path.read_text("utf-8")
    found = yaml.safe_load(text)
    for service in found["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        for variable, value in service.get("environment", {}).items():
            if variable.endswith(("TOKEN", "PASSWORD")):
                assert value.startswith("${"), f"{variable} is taken from the environment, or Compose ends"
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (path.parent / source).exists() if source.startswith(".") else source in found["volumes"]


def test_the_application_of_the_compose_files_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "deploy" / "compose" / "shop"))
    app = importlib.import_module("shop").app
    assert list(app.tasks) == ["greet"]
    sys.modules.pop("shop", None)


async def test_the_scaler_finds_its_figure_where_nothing_waits_too() -> None:
    [scaler] = documents("ScaledObject")
    [trigger] = scaler["spec"]["triggers"]
    path = "/v1/" + trigger["metadata"]["url"].partition("/v1/")[2]
    app = Headrace("memory://")
    transport = httpx2.ASGITransport(create_app(app))
    async with app, httpx2.AsyncClient(transport=transport, base_url="http://headrace") as client:
        await app.pause(path.rpartition("/")[2])  # so that there is such a queue
        found = (await client.get(path)).json()
    for part in trigger["metadata"]["valueLocation"].split("."):
        found = found[part]
    assert found == 0
