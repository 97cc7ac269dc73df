"""What must hold after every scenario, whatever it was about; and the numbers of its row.

* the expected end conditions come, then nothing is written any more to Kubernetes or to the cloud;
* every createCluster request carried a mark and attempt of its own; a recorded cluster exists once in the records;
* no operator failed at a pass, and none ended by itself but where the scenario waited for it;
* no secret value and no signature stands in a log, an event or a status.
"""

import base64
import json
import time
from collections import Counter
from collections.abc import Iterator

from stage import Stage, until
from stage.kube import condition
from stage.operators import KEY

from chaos.acts import PATIENCE, create_call, said
from chaos.arena import Arena
from chaos.table import Count, Expected

QUIET = 4.0
"""Seconds without a write that count as rest: several passes of every resource."""
_BROKEN = ("Traceback", "a pass failed")


def settle(arena: Arena, expected: Expected) -> None:
    """Return when the end conditions are the expected ones and nothing is written any more."""
    try:
        until("the end conditions", lambda: reasons(arena) == expected.count.ends, PATIENCE, pause=0.3)
    except AssertionError:
        told = {name: said(raw) for name, raw in _resources(arena) if condition(raw["status"]).get("reason") != "Ready"}
        raise AssertionError(f"not within {PATIENCE:.0f} s: the end conditions; not Ready: {told}") from None
    until(f"no write for {QUIET:.0f} s", lambda: time.monotonic() - _last_write(arena) > QUIET, PATIENCE, pause=0.2)


def measure(arena: Arena) -> Count:
    """The numbers of the row."""
    clouds = {id(stage.cloud): stage.cloud for stage in arena.stages}.values()
    return Count(
        creates=sum(cloud.count("createCluster")[1] for cloud in clouds),
        deletes=sum(cloud.count("deleteCluster")[1] for cloud in clouds),
        posts=len(_names_sent(arena)),
        ends=reasons(arena),
    )


def problems(arena: Arena) -> list[str]:
    """What does not hold."""
    return [*_repeated(arena), *_twice_recorded(arena), *_broken(arena), *_told_secrets(arena)]


def reasons(arena: Arena) -> dict[str, int]:
    """Reason of Ready × count, over every stage."""
    return dict(Counter(str(condition(raw.get("status", {})).get("reason", "")) for _, raw in _resources(arena)))


def _resources(arena: Arena) -> Iterator[tuple[str, dict]]:
    for stage in arena.stages:
        for raw in stage.kube.clusters():
            yield f"{stage.namespace}/{raw['metadata']['name']}", raw


def _last_write(arena: Arena) -> float:
    return max((seen.at for proxy in arena.proxies for seen in proxy.writes()), default=0.0)


def _names_sent(arena: Arena) -> list[str]:
    seen = [seen for stage in arena.stages for seen in list(stage.to_cloud.log)]
    return [each.body["cluster_name"] for each in seen if create_call(each)]


def _repeated(arena: Arena) -> list[str]:
    again = [name for name, count in Counter(_names_sent(arena)).items() if count > 1]
    return [f"createCluster was sent twice under one mark and attempt: {', '.join(again)}"] if again else []


def _twice_recorded(arena: Arena) -> list[str]:
    # By cloud: every simulator hands out the same ids in the same order.
    ids = Counter(
        (stage.cloud.endpoint, raw["status"].get("hpc_cluster_id"))
        for stage in arena.stages
        for raw in stage.kube.clusters()
    )
    twice = [found for (_, found), count in ids.items() if found and count > 1]
    return [f"recorded by two resources: {', '.join(twice)}"] if twice else []


def _broken(arena: Arena) -> list[str]:
    found = []
    for stage in arena.stages:
        for number, operator in enumerate(stage.operators, 1):
            where, code = f"{stage.namespace} operator-{number}", operator.program.poll()
            if code is not None and not operator.end_expected:
                found.append(f"{where} ended by itself ({code}): {operator.program.tail(2)}")
            found += [f"{where} logged {text!r}" for text in _BROKEN if operator.says(text)]
    return found


def _told_secrets(arena: Arena) -> list[str]:
    found = []
    for stage in arena.stages:
        events = stage.kube.kubectl("get", "events", "--output=json")
        told = {"a log": stage.outputs(), "an event": events, "a status": json.dumps(stage.kube.clusters())}
        values = {*_secrets(stage), KEY["ACCESS_KEY_ID"], KEY["SECRET_ACCESS_KEY"], "signature="}
        found += [
            f"a secret stands in {where}" for where, text in told.items() if any(value in text for value in values)
        ]
    return found


def _secrets(stage: Stage) -> Iterator[str]:
    listed = stage.kube.get(f"/api/v1/namespaces/{stage.namespace}/secrets") or {"items": []}
    hidden = (each for each in listed["items"] if not each["metadata"]["name"].endswith("-connection"))  # no password
    for secret in hidden:
        yield from (base64.b64decode(value).decode() for value in secret.get("data", {}).values())
