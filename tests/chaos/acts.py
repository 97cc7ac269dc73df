"""Small acts and questions that many scenarios need: apply, strip, wipe, hold, wait. They know stages, not scenarios."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import yaml
from stage import Operator, Seen, Stage, until
from stage.kube import condition
from stage.manifests import CRD, ehpc

from local_control_plane import ControlPlane

PATIENCE = 120.0
"""Seconds that only something hanging needs."""


def install(server: ControlPlane, crd: dict[str, Any] | None = None) -> None:
    """Install a CRD (None: ours); returns once the server serves its very fields of status.operation."""
    wanted = crd or yaml.safe_load(CRD.read_text())
    server.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=json.dumps(wanted))
    fields = _operation_fields(wanted["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
    until("the CRD is served", lambda: _served_fields(server) == fields, PATIENCE)


def _operation_fields(schema: dict[str, Any]) -> set[str]:
    return set(schema["properties"]["status"]["properties"]["operation"]["properties"])


def _served_fields(server: ControlPlane) -> set[str]:
    """As the server's OpenAPI document says; empty while there is none."""
    text = server.kubectl("get", "--raw", "/openapi/v3/apis/hpc.qingcloud.com/v1alpha1", check=False)
    schemas = json.loads(text)["components"]["schemas"] if text.startswith("{") else {}
    return next((_operation_fields(each) for name, each in schemas.items() if name.endswith(".HpcCluster")), set())


def create_call(seen: Seen) -> bool:
    """Whether it is a createCluster."""
    return seen.method == "POST" and seen.path.endswith("/createCluster")


def about(seen: Seen, name: str) -> bool:
    """Whether a request to the API server concerns this HpcCluster."""
    return seen.path.endswith((f"/hpcclusters/{name}", f"/hpcclusters/{name}/status"))


def creates_sent(stage: Stage) -> int:
    """How many createCluster requests came by."""
    return sum(create_call(seen) for seen in list(stage.to_cloud.log))


def ready(stage: Stage, *names: str) -> dict[str, str]:
    """Wait until all are Ready; their cluster ids by name. On a timeout: what they say instead."""

    def late() -> dict[str, str]:
        found = {each["metadata"]["name"]: each for each in stage.kube.clusters()}
        return {name: said(found.get(name, {})) for name in names if not stage.kube.is_ready(found.get(name, {}))}

    try:
        until("all are Ready", lambda: not late(), PATIENCE, pause=0.2)
    except AssertionError as error:
        raise AssertionError(f"{error}: {late()}") from None
    return {name: stage.kube.status(name)["hpc_cluster_id"] for name in names}


def said(resource: dict[str, Any]) -> str:
    """Reason and message of a resource's Ready condition."""
    told = condition(resource.get("status", {}))
    return f"{told.get('reason', '(none)')}: {told.get('message', '')}"


def wait_reasons(stage: Stage, reason: str, names: Iterable[str]) -> None:
    """Wait until each says this."""
    for name in names:
        stage.wait_reason(name, reason)


def apply(stage: Stage, *names: str, **spec: object) -> None:
    """kubectl apply of examples/ehpc-minimal.yaml under these names."""
    stage.kube.apply(*(ehpc(name, **spec) for name in names))


def first(stage: Stage, name: str = "first") -> str:
    """One Ready resource, so that the account has shown a mark and creates need not go one at a time; its cluster."""
    apply(stage, name)
    return ready(stage, name)[name]


def annotate(stage: Stage, name: str, **orders: str) -> None:
    """kubectl annotate; `take_over="x"` is hpc.qingcloud.com/take-over=x."""
    told = [f"hpc.qingcloud.com/{key.replace('_', '-')}={value}" for key, value in orders.items()]
    stage.kube.kubectl("annotate", "--overwrite", "hpc", name, *told)


def replace_bare(stage: Stage, name: str) -> None:
    """`kubectl replace` with a manifest as a person keeps it: without finalizer and annotations."""
    stage.kube.kubectl("replace", "-f", "-", input=json.dumps(ehpc(name)))
    found = stage.kube.cluster(name)
    assert found is not None


def wipe_status(stage: Stage, name: str) -> None:
    """An empty status, whatever is written meanwhile."""

    def wiped() -> bool:
        found = stage.kube.cluster(name)
        assert found is not None
        found["status"] = {}
        told = stage.kube.kubectl("replace", "--subresource=status", "-f", "-", input=json.dumps(found), check=False)
        return "replaced" in told

    until("the status is wiped", wiped, PATIENCE)


def force_away(stage: Stage, *names: str) -> None:
    """Strip the finalizers and delete, and the owned Secrets as the garbage collector does; nobody may be running."""
    for name in names:
        stage.kube.kubectl("patch", "hpc", name, "--type=merge", '--patch={"metadata":{"finalizers":null}}')
    stage.kube.kubectl("delete", "hpc", *names, "--timeout=60s")
    stage.kube.kubectl("delete", "secret", *(f"{name}-admin" for name in names))


def held(stage: Stage, count: int = 1) -> None:
    """Wait until the simulator holds that many answers."""
    until(f"{count} answers are held", lambda: len(stage.cloud.ask("GET", "/held")) >= count, PATIENCE)


def cut(stage: Stage) -> None:
    """The held answers are never given."""
    stage.cloud.ask("POST", "/release", {"answer": False})


def ends(operator: Operator, code: int) -> None:
    """Wait for its end, with this exit code."""
    found = operator.wait(PATIENCE)
    assert found == code, f"the operator ended with {found} instead of {code}:\n{operator.program.tail()}"


def standby(stage: Stage, **settings: str) -> Operator:
    """A second process, which waits for the Lease."""
    made = stage.launch(**settings)
    until("it stands by", lambda: "standby" in made.probe("/readyz")[1], PATIENCE)
    return made


def unchanged(what: str, probe: Callable[[], object], before: object) -> None:
    """AssertionError if something is not as it was."""
    found = probe()
    assert found == before, f"{what}: {found} instead of {before}"
