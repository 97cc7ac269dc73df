"""One small life that uses every right of the operator, and the places where a missing one is told."""

from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from stage import Operator, Stage, until
from stage.kube import condition
from stage.manifests import ehpc
from stage.operators import KEY
from stage.rights import Granted

T = TypeVar("T")
PATIENCE = 300.0
_OWNERS = "cannot set an ownerRef on a resource you can't delete"
"""What OwnerReferencesPermissionEnforcement says; every other refusal names verb, kind and group."""
_NAMES = ("one", "own")
_MORE_LOOKS = 20
"""The log is first; so many looks later a condition or an event has come too, if it comes at all."""


class Missed(Exception):  # noqa: N818 - what is looked for
    """The missing right was told; the text says where."""


def words(missing: Granted) -> str:
    """What the API server says to whoever lacks the right."""
    if (missing.verb, missing.resource) == ("delete", "secrets"):
        return _OWNERS
    return f'cannot {missing.verb} resource "{missing.resource}" in API group "{missing.group}"'


class SmallLife:
    """`missing` None: nothing was taken away, and the life is lived to its end."""

    def __init__(self, stage: Stage, missing: Granted | None) -> None:
        self.stage, self.missing = stage, missing
        self._words = words(missing) if missing else None
        self._patience = iter(range(_MORE_LOOKS))

    def live(self) -> None:
        """Raises Missed as soon as the missing right is told; AssertionError where it ends otherwise."""
        operator = self._lead()
        self._create()
        self._change()
        self._own_key()
        operator.terminate()
        self._reach("it hands the Lease over", lambda: operator.wait(0.1) is not None)
        self._lead()
        self._leave()
        self._delete()

    def _lead(self) -> Operator:
        made = self.stage.launch()
        self._reach("it leads", lambda: made.says("holds the Lease"))
        return made

    def _create(self) -> None:
        kube = self.stage.kube
        kube.create(ehpc("one"))
        self._reach("one is Ready", lambda: kube.ready("one"))
        self._reach("how it is reached is told", lambda: kube.secret("one-connection"))
        self._reach("an event is there", lambda: kube.events("one"))
        assert kube.secret("one-admin") is not None

    def _change(self) -> None:
        conf = ehpc("one")["spec"]["cluster_conf"]
        conf["cluster"]["compute"]["count"] = 2
        self.stage.kube.merge("one", {"spec": {"cluster_conf": conf}})

        def scaled() -> bool:
            return self.stage.kube.status("one").get("nodes", {}).get("compute", {}).get("active") == 2

        self._reach("there are two compute nodes", scaled)

    def _own_key(self) -> None:
        kube = self.stage.kube
        held = {name.lower(): KEY[name] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")}
        key: dict[str, Any] = {"metadata": {"name": "api-key"}, "stringData": held}
        kube.store(f"/api/v1/namespaces/{kube.namespace}/secrets", key)
        wish = ehpc("own", credentialsSecretRef={"name": "api-key"}, owner=KEY["OWNER"], zone=KEY["ZONE"])
        kube.create(wish)
        self._reach("own is Ready", lambda: kube.ready("own"))

    def _leave(self) -> None:
        kube = self.stage.kube
        kube.merge("one", {"spec": {"deletionPolicy": "Retain"}})
        kube.delete("one")
        self._reach("one is gone", lambda: kube.cluster("one") is None)
        assert "hpc.qingcloud.com/retained" in ((kube.secret("one-admin") or {})["metadata"]["labels"])

    def _delete(self) -> None:
        kube = self.stage.kube
        kube.delete("own")
        self._reach("own is gone", lambda: kube.cluster("own") is None)
        [owner] = (kube.secret("own-admin") or {})["metadata"]["ownerReferences"]
        assert owner["name"] == "own"

    def _reach(self, what: str, probe: Callable[[], T | None]) -> T:
        def either() -> T | None:
            places = self._places(self._words) if self._words else []
            if any(not each.startswith("log") for each in places) or (places and next(self._patience, None) is None):
                raise Missed(", ".join(places))
            return probe()

        return until(what, either, deadline=PATIENCE, pause=0.3)

    def _places(self, text: str) -> list[str]:
        """Where it is told by now: conditions, events, /readyz, the log."""
        kube = self.stage.kube
        readies = [condition(kube.status(name)) for name in _NAMES]
        found = {f"condition {each['reason']}" for each in readies if text in str(each.get("message"))}
        found |= {f"event {each['reason']}" for each in kube.shown("events") if text in str(each.get("note"))}
        if text in self._readyz():
            found.add("/readyz")
        lines = [line for each in self.stage.operators for line in each.log()]
        found |= {f"log ({line['level']})" for line in lines if text in str(line)}
        return sorted(found)

    def _readyz(self) -> str:
        newest = self.stage.leading()
        try:
            return newest.probe("/readyz")[1] if newest is not None and newest.says('"port"') else ""
        except httpx.TransportError:
            return ""  # it is ending
