"""Keys that are no keys, on real processes: each is told where people look, nothing is called with half of one, and a
right one ends it without a restart. The same mistakes in a mounted Secret (the operator's own) and in a resource's.

One operator lives through all of them. How long a right key takes is counted in docs/credentials.md; here a Secret
serves for 2 s.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from stage import Operator, Stage, until
from stage.kube import condition
from stage.manifests import ehpc
from stage.mounts import Mount
from stage.operators import KEY, environment
from test_doctor import doctor

from hpc_operator.account import Means
from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.doctor import telling
from hpc_operator.doctor.examination import examine
from hpc_operator.settings import PREFIX, load

ID, SECRET = KEY["ACCESS_KEY_ID"], KEY["SECRET_ACCESS_KEY"]
RIGHT = {"access_key_id": f"{ID}\n", "secret_access_key": f"{SECRET}\r\n"}
BARE = {"ACCESS_KEY_ID": None, "SECRET_ACCESS_KEY": None, "CREDENTIALS_MAX_AGE": "2"}
MISSING, MALFORMED = "CredentialsMissing", "CredentialsMalformed"
PUT = "Put access_key_id and secret_access_key of one API key there."

UNSENT = [
    ({}, MISSING, f"access_key_id is missing; it holds nothing. {PUT}"),
    ({"access_key_id": "", "secret_access_key": ""}, MISSING, f"access_key_id is empty. {PUT}"),
    ({"access_key_id": "\n", "secret_access_key": SECRET}, MISSING, f"access_key_id is empty. {PUT}"),
    (
        {"accessKey": ID, "secretKey": SECRET},
        MISSING,
        f"access_key_id is missing; it holds accessKey, secretKey. {PUT}",
    ),
    ({"access_key_id": ID}, MISSING, f"secret_access_key is missing; it holds access_key_id. {PUT}"),
    ({"secret_access_key": SECRET}, MISSING, f"access_key_id is missing; it holds secret_access_key. {PUT}"),
    (
        {"access_key_id": f"{ID} {SECRET}", "secret_access_key": SECRET},
        MALFORMED,
        "access_key_id contains white space or other characters that no API key has; store it anew.",
    ),
]
"""What a Secret holds, the reason, and what is told after the name of the place. No call is made."""
WRONG = {"access_key_id": ID, "secret_access_key": "the-secret-of-another-key"}


def put(stage: Stage, mount: Mount, values: dict[str, str]) -> None:
    """Both places hold this from now on."""
    mount.put(values)
    meta = {"name": "api-key"}
    stage.kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": values})


def replace(stage: Stage, mount: Mount, values: dict[str, str]) -> None:
    """As `put`, for a Secret that may hold other names: an apply of stringData would leave them."""
    stage.kube.kubectl("delete", "secret", "api-key", "--ignore-not-found")
    put(stage, mount, values)


def said(stage: Stage, name: str, reason: str, text: str) -> dict[str, Any]:
    """The condition once it says this."""

    def probe() -> dict[str, Any] | None:
        found = condition(stage.kube.status(name))
        return found if (found.get("reason"), text in found.get("message", "")) == (reason, True) else None

    try:
        return until(f"{name} says {reason}", probe)
    except AssertionError as error:
        raise AssertionError(f"{error}: {text}; {stage.kube.status(name).get('conditions')}") from None


def examined(settings: dict[str, str | None]) -> tuple[int, str]:
    """What doctor makes of the key, without a process for each."""

    async def run() -> tuple[int, str]:
        flags = {name.lower(): value for name, value in settings.items() if value is not None}
        means = Means(load(flags), Scrubber(), time.time, time.monotonic, asyncio.sleep)
        lines = await examine(means, lambda _: None, kubernetes=False)
        return telling.exit_code(lines), telling.as_json(lines, means.scrubber.scrub)

    assert not [name for name in environment({}) if name.startswith(PREFIX)]
    return asyncio.run(run())


def counted(operator: Operator, reason: str) -> int:
    """How many resources are not Ready for this reason, by /metrics."""
    text = operator.probe("/metrics")[1]
    named = 'hpc_operator_resources{condition="Ready",reason="' + reason + '",status="False"} '
    return sum(int(float(line.removeprefix(named))) for line in text.splitlines() if line.startswith(named))


def told_everywhere(stage: Stage, operator: Operator, reason: str, own: str, theirs: str) -> None:
    """Both resources say it, none is stalled; metrics count them; the process is ready: a restart would not help."""
    said(stage, "own", reason, own)
    said(stage, "theirs", reason, theirs)
    for name in ("own", "theirs"):
        assert condition(stage.kube.status(name), "Stalled")["status"] == "False", "it can heal by itself"
    until(f"metrics count two {reason}", lambda: counted(operator, reason) == 2)
    assert operator.probe("/readyz")[0] == 200


def test_each_bad_key_is_told_and_a_right_one_ends_it_without_a_restart(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    settings = {**BARE, "CREDENTIALS_DIR": str(folder)}
    operator = stage.operator(**settings)
    account = {"owner": KEY["OWNER"], "zone": KEY["ZONE"]}
    stage.kube.apply(ehpc("own"), ehpc("theirs", credentialsSecretRef={"name": "api-key"}, **account))
    own, theirs = f"directory {folder}", f"Secret {stage.namespace}/api-key"

    gone = f"{own} cannot be read (No such file or directory). Put access_key_id and"
    told_everywhere(stage, operator, MISSING, gone, f"the {theirs} does not exist; make it, with access_key_id and")
    found = doctor(stage.settings(**settings), "--no-kubernetes")
    assert (found.code, found.levels("error"), gone in found.line("key")) == (1, ["key"], True)

    mount = Mount(folder)
    for values, reason, text in UNSENT:
        replace(stage, mount, values)
        told_everywhere(stage, operator, reason, f"{own}: {text}", f"{theirs}: {text}")
        code, told = examined(stage.settings(**settings))
        assert (code, json.dumps(f"{own}: {text}")[1:-1] in told) == (1, True), told
    assert stage.to_cloud.log == [], "nothing is called without a whole key"

    replace(stage, mount, WRONG)
    refused = "1200: the key of {} is refused"
    told_everywhere(stage, operator, "CredentialsRefused", refused.format(own), refused.format(theirs))
    code, told = examined(stage.settings(**settings))
    assert (code, refused.format(own) in told) == (1, True), told
    assert [seen for seen in stage.to_cloud.log if seen.method != "GET"] == []

    put(stage, mount, RIGHT)
    ids = {name: stage.wait_ready(name)["hpc_cluster_id"] for name in ("own", "theirs")}
    assert stage.cloud.count("createCluster") == (2, 2)

    mount.put({})
    stage.kube.kubectl("delete", "secret", "api-key")
    told_everywhere(stage, operator, MISSING, "it holds nothing", "does not exist")
    put(stage, mount, WRONG)
    told_everywhere(stage, operator, "CredentialsRefused", refused.format(own), refused.format(theirs))
    put(stage, mount, RIGHT)
    assert {name: stage.wait_ready(name)["hpc_cluster_id"] for name in ("own", "theirs")} == ids
    assert (stage.cloud.count("createCluster"), stage.cloud.gone()) == ((2, 2), [])
    assert operator.program.poll() is None, "it is the same process"
    assert [line for line in operator.log() if line["level"] == "CRITICAL"] == []
    for value in (ID, SECRET, WRONG["secret_access_key"]):
        assert value not in stage.outputs() + json.dumps(stage.kube.clusters())
