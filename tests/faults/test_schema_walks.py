"""Walks A → B → … → A over every leaf of the spec that may change: grow, shrink, toggle, unset, bad and then good.

After each stop the cloud's truth equals the wish, or the condition says why not; and as many calls took effect as the
way needed, by a reckoning of its own (`reckoning`).
"""

import base64
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from faults import wishing
from faults.harness import oracles
from faults.harness.people import EHPC
from faults.harness.world import World, run
from faults.reckoning import CHANGES, Expected, Reckoning, size, truth
from faults.wishing import Raw, got
from hpc_operator.domain.policy import Policy
from hpc_operator.kube.transitions import CHANGEABLE
from hpc_simulator import Account
from hpc_simulator.outside import Change

POLICY = Policy(visibility_lag=10.0)
PACE: dict[str, Any] = {
    **dict.fromkeys(("create_seconds", "node_seconds", "resize_seconds", "power_seconds"), 20.0),
    "list_lag": 5.0,
    "log_lag": 5.0,
}
RESTS = frozenset(
    {"Ready", "Stopped", "Differs", "WaitingForJobs", "ChangeRefused", "ResourceQuotaExceeded", "CredentialsMissing"}
)
"""The closed list of what a settled resource may say here."""
QUIET = 150.0
"""Longer than a wish waits for another one's change to show, while one that was refused is what the condition tells."""
_THOROUGH = settings.default is not None and settings.default.max_examples > 1000
WALKS = 1200 if _THOROUGH else 60

PHASES = (Phase.generate, Phase.shrink) if _THOROUGH else (Phase.generate,)
"""Making a failing walk smaller takes minutes: `HYPOTHESIS_PROFILE=thorough` does."""


class Walk:
    """One walk in one world."""

    def __init__(self, world: World, stops: list[tuple[Raw, bool]], room_code: int, told: Counter[str]) -> None:
        self.world, self.stops, self.told = world, stops, told
        spec = stops[0][0]
        self.reckoning = Reckoning(
            counts={
                role: got(spec, ("cluster_conf", "cluster", role, "count")) or 1
                for role in ("login", "controller", "compute")
            },
            sizes={role: size(spec, role) for role in ("login", "controller", "compute")},
            name=spec.get("cluster_name") or got(spec, ("cluster_conf", "cluster", "name")) or "demo",
            description=spec.get("description") or "",
            room_code=room_code,
        )

    async def walk(self) -> None:
        for name in wishing.KEYS:
            _key(self.world, name)
        self.world.process()
        self.world.people.apply(spec=self.stops[0][0])
        await self._settled()
        assert truth(self.world) == self.reckoning.truth
        for spec, jobs in self.stops[1:]:
            await self._stop(spec, jobs=jobs)
        assert not [*oracles.hot(self.world), *oracles.foreign(self.world)]

    async def _stop(self, spec: Raw, *, jobs: bool) -> None:
        world, before = self.world, self._counts()
        (cluster,) = world.cloud.clusters()
        world.cloud.change_cluster(cluster.cluster_id, Change(job_counts={"running": 2 if jobs else 0}))
        expected = self.reckoning.stop(spec, jobs=jobs)
        world.kube.change("demo", lambda raw: raw.__setitem__("spec", wishing.edited(spec, {})))
        await self._settled()
        where = f"{world.reason()}: {world.message()}"
        assert truth(world) == self.reckoning.truth, where
        self._said(expected, where)
        self._called(expected, before)
        self._planned(spec, expected)

    def _said(self, expected: Expected, where: str) -> None:
        assert self.world.reason() == expected.reason, where
        assert not expected.told or any(word in self.world.message() for word in expected.told), (expected.told, where)
        well = expected.reason in ("Ready", "Stopped", "Differs")
        assert self.world.is_true("Ready") is well, where
        assert self.world.stalled() is (expected.reason == "ChangeRefused"), where
        if expected.reason != "CredentialsMissing":
            assert self.world.is_true("Available") is (self.reckoning.status == "active"), where
        self.told.update(stops=1, **{expected.reason: 1})

    def _called(self, expected: Expected, before: dict[str, tuple[int, int]]) -> None:
        """Each effect that the way needed, and no request beside them but those that had to be refused."""
        now = self._counts()
        effects = {call: now[call][1] - before[call][1] for call in CHANGES}
        refused = {call: now[call][0] - before[call][0] - effects[call] for call in CHANGES}
        assert effects == {call: expected.effects[call] for call in CHANGES}
        wanted = {call: expected.refusals[call] for call in CHANGES}
        if expected.asked_again:  # a lack of room may pass: asked again every ten minutes
            assert wanted["addNodes"] <= refused["addNodes"] <= wanted["addNodes"] + 2
            wanted["addNodes"] = refused["addNodes"]
        assert refused == wanted
        self.told.update(effects=sum(effects.values()), refusals=sum(refused.values()))

    def _planned(self, spec: Raw, expected: Expected) -> None:
        if spec.get("managementPolicy") == "Plan" and expected.reason != "CredentialsMissing":
            plan = self.world.kube.objects["default", "demo"]["status"].get("plan", {}).get("changes", [])
            assert sorted(each["field"] for each in plan) == sorted(expected.differs)

    def _counts(self) -> dict[str, tuple[int, int]]:
        return {call: (self.world.posts(call), self.world.effects(call)) for call in CHANGES}

    def _rests(self) -> bool:
        raw = self.world.kube.objects["default", "demo"]
        status, short = raw["status"], raw["spec"].get("disruptionDeadline") == "1m"
        seen = status["observedGeneration"] == raw["metadata"]["generation"]
        waits = self.world.reason() == "WaitingForJobs" and short
        return seen and "operation" not in status and self.world.reason() in RESTS and not waits

    async def _settled(self) -> None:
        """At rest, and nothing is written any more."""
        for _ in range(8):
            done = await self.world.until(self._rests, 1500.0, step=2.0)
            assert done, f"STUCK: {self.world.reason()}: {self.world.message()}"
            assert await oracles.quiet(self.world, lambda: QUIET) == []
            if self._rests():
                return
        raise AssertionError(f"RESTLESS: {self.world.reason()}: {self.world.message()}")


def _key(world: World, name: str) -> None:
    """A Secret with the account's key. Owner and zone in it are no secrets."""
    account = Account()
    values = {"access_key_id": account.key, "secret_access_key": account.secret}
    plain = {"owner": account.owner, "zone": account.zone}
    coded = {key: base64.b64encode(value.encode()).decode() for key, value in (values | plain).items()}
    world.kube.put_secret(name, coded)
    world.kube.secret_values = {
        key: value for key, value in world.kube.secret_values.items() if value not in plain.values()
    }


def test_every_leaf_that_may_change_has_its_moves() -> None:
    """A new leaf of the schema that may change is red here until a walk has values for it."""
    assert {".".join(path) for path in wishing.changeable()} == CHANGEABLE
    for path in wishing.changeable():
        assert len(set(wishing.values(path))) > 1, path


@pytest.mark.parametrize("path", wishing.changeable(), ids=".".join)
def test_each_leaf_through_all_its_values(path: wishing.Path) -> None:
    """Up and down, left out, a bad value and then a good one; between them back to A."""
    start = {**wishing.edited(EHPC, {}), "managementPolicy": "Full"}
    ways = (*wishing.values(path), wishing.bad(path), *wishing.values(path)[:1])
    stops = [(start, False), *((wishing.edited(start, {path: value}), False) for value in ways), (start, False)]
    play(stops, 1101, Counter())


def play(stops: list[tuple[Raw, bool]], room_code: int, told: Counter[str]) -> None:
    cloud = {**PACE, **wishing.CLOUD, "too_many_nodes_code": room_code}
    run(lambda world: Walk(world, stops, room_code, told).walk(), policy=POLICY, **cloud)


@pytest.mark.slow
def test_walks(tell: Callable[[str], None]) -> None:
    told: Counter[str] = Counter()
    moved: Counter[str] = Counter()

    @settings(max_examples=WALKS, derandomize=not _THOROUGH, report_multiple_bugs=False, phases=PHASES)
    @given(stops=wishing.stops(), room_code=st.sampled_from([1101, 2500]))
    def walk(stops: list[tuple[Raw, bool]], room_code: int) -> None:
        told["walks"] += 1
        for (before, _), (after, _) in pairwise(stops):
            moved.update(".".join(p) for p in wishing.changeable() if got(before, p) != got(after, p))
        play(stops, room_code, told)

    walk()
    tell(f"schema walks: {dict(told)}; moves of {len(moved)} leaves: {sum(moved.values())}")
