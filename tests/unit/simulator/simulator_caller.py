"""A caller of the simulator with a signer of its own, written for these tests from the API reference.

It signs plainly, step by step; it shares no code with the simulator's verification nor with the operator.
"""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

from hpc_simulator import Account, Answer, Cloud, Settings

START = 1_700_000_000.0
PERSON = "usr-simulator"


class Clock:
    """Virtual time."""

    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        return self.now


def stamp(epoch):
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(method, path, own, *, body=b"", at=START, account=None, times=2, slash="/", common=None, spaces="%20"):
    """The raw query of a signed request."""
    account = account or Account()
    query = {
        "access_key_id": account.key,
        "signature_method": "HmacSHA256",
        "signature_version": "1",
        "version": "1",
        "timestamp": stamp(at),
        "zone": account.zone,
        **own,
        **(common or {}),
    }
    query = {name: value for name, value in query.items() if value is not None}
    text = "&".join(f"{quote(n, safe='')}={quote(str(v), safe='')}" for n, v in sorted(query.items()))
    to_sign = f"{method}\n{path}{slash}\n{text}\n{hashlib.md5(body).hexdigest()}"
    signature = base64.b64encode(hmac.new(account.secret.encode(), to_sign.encode(), hashlib.sha256).digest()).decode()
    for _ in range(times):
        signature = quote_plus(signature)
    return f"{text.replace('%20', spaces)}&signature={signature}"


class Caller:
    """A cloud with virtual time and somebody who calls it."""

    def __init__(self, account=None, accounts=(), **settings):
        self.clock = Clock()
        self.account = account or Account()
        self.cloud = Cloud(self.clock, Settings(**settings), accounts=[self.account, *accounts], seed="test")

    def wait(self, seconds):
        self.clock.now += seconds
        return self

    def raw(self, method, path, own=None, fields=None, **signing):
        body = b"" if fields is None else json.dumps(fields).encode()
        signing = {"at": self.clock.now, "account": self.account, **signing}
        query = signed(method, path, own or {}, body=body, **signing)
        return self.cloud.handle(method, path, query, body)

    def post(self, call, fields, **signing):
        return read(self.raw("POST", f"/api/cluster/{call}", {}, fields, **signing))

    def get(self, path, **own):
        return read(self.raw("GET", f"/api/{path}", own))

    def create(self, name="one", **changes):
        return self.post("createCluster", create_fields(name, **changes))

    def delete(self, *cluster_ids):
        return self.post("deleteCluster", {"cluster_ids": list(cluster_ids), "run_user": PERSON, "zone": "jn1a"})

    def modify(self, cluster_id, **fields):
        return self.post("modifyCluster", {"cluster_id": cluster_id, "zone": "jn1a", **fields})

    def change(self, call, cluster_id, **fields):
        """One of the calls that change one cluster by a job."""
        return self.post(call, {"cluster_id": cluster_id, "zone": "jn1a", **fields})

    def add(self, cluster_id, count=1, role="compute", **fields):
        return self.change("addNodes", cluster_id, node_role=role, node_count=count, **fields)

    def remove(self, cluster_id, *node_ids):
        return self.change("deleteNodes", cluster_id, node_ids=list(node_ids))

    def resize(self, cluster_id, role="compute", cpu=4, memory=12288, **fields):
        return self.change("resizeCluster", cluster_id, node_role=role, cpu=cpu, memory=memory, **fields)

    def power(self, call, *cluster_ids):
        """startCluster or stopCluster."""
        return self.post(call, {"cluster_ids": list(cluster_ids), "zone": "jn1a"})

    def nodes(self, cluster_id, role=None):
        """What listNodes shows, oldest first."""
        found = self.get("cluster/listNodes", cluster_id=cluster_id, limit=100)["hpc_app_nodes_set"]
        return [node for node in found if role in (None, node["role"])]

    def list(self, **own):
        return self.get("cluster/list", **{"owner": PERSON, **own})

    def listed(self, **own):
        return [element["cluster_id"] for element in self.list(**own)["cluster_set"]]

    def log(self, **own):
        return self.get("operation", **own)["job_set"]

    def standing(self, name="one", **changes):
        """Create a cluster and wait until it is active; its id."""
        cluster_id = self.create(name, **changes)["hpc_cluster_id"]
        self.wait(1000)
        return cluster_id


def read(reply):
    assert isinstance(reply, Answer), reply
    return json.loads(reply.body)


def role(count=1, cpu=2, memory=4096):
    return {"count": count, "cpu": cpu, "memory": memory, "nas_mount_point": "/home"}


def create_fields(name="one", **changes):
    """What the page's example sends for an ehpc cluster."""
    cluster = {"vxnet": "vxnet-1", "name": f"conf-{name}", "nas_id": "nas-1", "login": role()}
    if changes.get("cluster_type") != "hpc":
        cluster |= {"controller": role(), "compute": role(2)}
    fields = {
        "gid_number": 11017754,
        "uid_number": 11017754,
        "version_id": "appv-1",
        "cluster_type": "ehpc",
        "owner": PERSON,
        "zone": "jn1a",
        "paid_type": "PayForUsed",
        "duration": 0,
        "is_auto_renewal": 0,
        "cluster_name": name,
        "cluster_conf": {
            "cluster": cluster,
            "env": {"admin.user": "admin", "admin.password": "Abcd1234!@#x", "nas_path": "/nas"},
            "version": "appv-1",
        },
        **changes,
    }
    return {key: value for key, value in fields.items() if value is not None}
