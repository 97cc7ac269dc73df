"""The control endpoint: JSON over HTTP on a port of its own.

Lives here: its routes and their reading of bodies. The command line imports it.
Never comes in: rules of the API. Nothing here is signed: it listens on the local host only, unless told otherwise.

    GET    /                 this text
    GET    /calls            the log of calls, oldest first; ?call=createCluster, ?since=SEQ (only later records),
                             ?last=N (only the newest N of all)
    GET    /counts           {"createCluster": {"calls": 2, "effects": 1}, ...}
    GET    /clusters         the truth: every cluster, hidden ones included; and the ids of those that are gone
    POST   /clusters         a person makes a cluster: {"cluster_type", "name", "description", "status", "key",
                             "login": 1, "compute": 1, "cpu": 2, "memory": 4096, ...}
    POST   /clusters/{id}    a person changes one: {"name", "description", "status", "owner", "delete": "job"|"at-once"}
                             and {"add_nodes": {"count", "role"}, "remove_nodes": ["cln-..."],
                             "resize": {"role", "cpu", "memory"}, "power": "start"|"stop"|"suspend",
                             "by": "job"|"at-once"}: a job stands in the operation log, at once leaves nothing there
                             and {"unhealthy": ["cln-..."], "healthy": ["cln-..."], "job_counts": {"running": 2}}
    POST   /clusters/{id}/copies
                             many like one that a call made, each with its own create in the log of operations:
                             {"copies": [{"name", "description"}], "apart": 60}: each so many seconds older;
                             answers [{"cluster_id", "job_id", "create_time"}]
    GET    /jobs             every job, running and ended
    GET    /held             answers that are held: [{"ticket", "call", "since", "seq", "waiting"}]
    POST   /release          {"ticket": "t-..."} or {} for all; {"answer": false} cuts the connection instead
    GET    /faults           the rules in force, with what they saw and struck
    POST   /faults           {"fault": {"kind": "hold"}, "call": "createCluster", "nth": 1, "count": 1,
                              "contains": null, "owner": null, "page": null}; answers {"rule_id"}
    DELETE /faults           all rules, or ?rule_id=f-1
    GET    /settings         all settings; docs/simulator.md says what each does, and what the contract leaves open
    PATCH  /settings         {"list_lag": 30, "clock_offset": 5}; from now on, until the next start
    GET    /accounts         keys, owners, zones (no secrets)
    POST   /accounts         {"key", "secret", "owner", "zone", "uid_number", "gid_number", "arrears"}: a new key, or
                             a change of an old one (then each field is optional); in arrears createCluster,
                             startCluster, addNodes and resizeCluster are refused with 2400

A body that cannot be read is answered with 400 and {"error": ...}, a cluster that does not exist with 404.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from hpc_simulator.accounts import Account
from hpc_simulator.copying import Copies
from hpc_simulator.faults import KINDS, Fault, kind_of
from hpc_simulator.outside import Change, NewCluster
from hpc_simulator.rules import Rule
from hpc_simulator.server import ApiServer
from hpc_simulator.settings import Settings
from hpc_simulator.times import written

Fields = dict[str, object]

_SETTINGS = TypeAdapter(Settings)
_ACCOUNT = TypeAdapter(Account)
_CHANGE = TypeAdapter(Change)
_NEW = TypeAdapter(NewCluster)
_COPIES = TypeAdapter(Copies)
_RULE_FIELDS = ("call", "contains", "owner", "page", "nth", "count")


def read_rule(fields: Fields) -> Rule:
    """A rule from its JSON form. Raises ValueError naming what is wrong."""
    given = fields.get("fault")
    if not isinstance(given, dict) or given.get("kind") not in KINDS:
        raise ValueError(f"fault must be an object whose kind is one of {', '.join(KINDS)}")
    unknown = fields.keys() - {"fault", *_RULE_FIELDS}
    if unknown:
        raise ValueError(f"a rule has no {', '.join(sorted(unknown))}")
    kind = KINDS[given["kind"]]
    fault = TypeAdapter(kind).validate_python({name: value for name, value in given.items() if name != "kind"})
    rest = {name: fields[name] for name in _RULE_FIELDS if name in fields}
    return TypeAdapter(Rule).validate_python({"fault": fault, **rest})


def read_settings(before: Settings, changes: Fields) -> Settings:
    """Settings with changes by name; texts are read as numbers where numbers belong. Raises ValueError."""
    return _SETTINGS.validate_python(asdict(before) | changes)


class Control:
    """The control endpoint of one server."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        self._cloud = api.cloud
        self._app = web.Application(middlewares=[_errors], client_max_size=16 * 2**20)
        self._app.add_routes(
            [
                web.get("/", self._help),
                web.get("/calls", self._calls),
                web.get("/counts", self._counts),
                web.get("/clusters", self._clusters),
                web.post("/clusters", self._create),
                web.post("/clusters/{id}", self._change),
                web.post("/clusters/{id}/copies", self._copy),
                web.get("/jobs", self._jobs),
                web.get("/held", self._held),
                web.post("/release", self._release),
                web.get("/faults", self._faults),
                web.post("/faults", self._add_fault),
                web.delete("/faults", self._clear_faults),
                web.get("/settings", self._settings),
                web.patch("/settings", self._change_settings),
                web.get("/accounts", self._accounts),
                web.post("/accounts", self._account),
            ]
        )
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=0.2)

    async def start(self, host: str, port: int) -> int:
        """Listen; the port chosen. Raises OSError."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """End at once."""
        await self._runner.cleanup()

    async def _help(self, _: web.Request) -> web.Response:
        return web.Response(text=__doc__)

    async def _calls(self, request: web.Request) -> web.Response:
        self._catch_up()
        wanted, since = request.query.get("call"), int(request.query.get("since", "0"))
        since = max(0, since, len(self._cloud.calls) - int(request.query.get("last", len(self._cloud.calls))))
        return _json([asdict(r) for r in self._cloud.calls[since:] if wanted in (None, r.call)])

    async def _counts(self, _: web.Request) -> web.Response:
        self._catch_up()
        return _json({call: asdict(count) for call, count in self._cloud.counts().items()})

    async def _clusters(self, _: web.Request) -> web.Response:
        self._catch_up()
        clusters = [asdict(cluster) for cluster in self._cloud.clusters()]
        return _json({"clusters": clusters, "gone": list(self._cloud.world.gone)})

    async def _create(self, request: web.Request) -> web.Response:
        fields = await _body(request)
        key = fields.pop("key", None)
        wish = _NEW.validate_python(fields)
        cluster_id = self._cloud.create_outside(wish, key=None if key is None else str(key))
        self._api.keep()
        return _json({"cluster_id": cluster_id})

    async def _change(self, request: web.Request) -> web.Response:
        change = _CHANGE.validate_python(await _body(request))
        self._cloud.change_cluster(request.match_info["id"], change)
        self._api.keep()
        return _json({})

    async def _copy(self, request: web.Request) -> web.Response:
        wish = _COPIES.validate_python(await _body(request))
        made = self._cloud.copy_cluster(request.match_info["id"], wish)
        self._api.keep()
        return _json(
            [
                {"cluster_id": cluster.cluster_id, "job_id": job.job_id, "create_time": written(cluster.stamp)}
                for cluster, job in made
            ]
        )

    async def _jobs(self, _: web.Request) -> web.Response:
        self._catch_up()
        return _json([asdict(job) for job in self._cloud.world.jobs.values()])

    async def _held(self, _: web.Request) -> web.Response:
        return _json(
            [
                {"ticket": t, "call": h.call, "since": h.since, "seq": h.seq, "waiting": self._api.waits(t)}
                for t, h in self._cloud.tickets.held.items()
            ]
        )

    async def _release(self, request: web.Request) -> web.Response:
        fields = await _body(request)
        tickets = [str(fields["ticket"])] if "ticket" in fields else list(self._cloud.tickets.held)
        released = [t for t in tickets if self._api.release(t, answer=bool(fields.get("answer", True)))]
        await asyncio.sleep(0)
        return _json({"released": released})

    async def _faults(self, _: web.Request) -> web.Response:
        return _json([asdict(rule) | {"fault": _fault(rule.fault)} for rule in self._cloud.faults.rules])

    async def _add_fault(self, request: web.Request) -> web.Response:
        rule_id = self._cloud.faults.add(read_rule(await _body(request)))
        return _json({"rule_id": rule_id})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._cloud.faults.clear(request.query.get("rule_id"))
        return _json({})

    async def _settings(self, _: web.Request) -> web.Response:
        return _json(asdict(self._cloud.settings))

    async def _change_settings(self, request: web.Request) -> web.Response:
        changed = read_settings(self._cloud.settings, await _body(request))
        self._catch_up()
        self._cloud.settings = changed
        await self._api.mind_the_tap()
        return _json(asdict(changed))

    async def _accounts(self, _: web.Request) -> web.Response:
        accounts = [asdict(account) for account in self._cloud.world.accounts.values()]
        return _json([{name: value for name, value in account.items() if name != "secret"} for account in accounts])

    async def _account(self, request: web.Request) -> web.Response:
        fields = await _body(request)
        before = self._cloud.world.accounts.get(str(fields.get("key"))) or Account()
        self._cloud.add_account(_ACCOUNT.validate_python(asdict(replace(before)) | fields))
        self._api.keep()
        return _json({})

    def _catch_up(self) -> None:
        self._cloud.catch_up()
        self._api.keep()


def _fault(fault: Fault) -> Fields:
    return {"kind": kind_of(fault), **asdict(fault)}


def _json(value: object) -> web.Response:
    return web.json_response(value)


async def _body(request: web.Request) -> Fields:
    found = json.loads(await request.text() or "{}")
    if not isinstance(found, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004  # becomes a 400 as every bad value does
    return found


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as wrong:
        return web.json_response({"error": wrong.errors(include_url=False, include_context=False)}, status=400)
    except ValueError as wrong:
        return web.json_response({"error": str(wrong)}, status=400)
    except KeyError as missing:
        return web.json_response({"error": f"there is no {missing}"}, status=404)
