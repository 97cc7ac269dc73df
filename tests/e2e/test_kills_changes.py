"""SIGKILL in the middle of a cluster's life: at each named point of each change, and at random moments of several.

pytestmark = pytest.mark.slow

Stages with an operator each run beside each other. A shot is one cluster, one change and one point of it: the request
that is the point (or its answer) is stopped at a proxy, the process is killed, the next one takes over while others
recover still. In the end everything is as if nobody had been killed: the same state, the same count of effects, the
same ids, nothing open, nothing bought twice.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stage import Operator, Seen, Stage, until, until_served
from stage.courses import AT_RANDOM, COURSES, RENAME, Point, Shot, call, spec
from stage.life import ONE, Life
from stage.manifests import CRD, ehpc

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import stem
from local_control_plane import ControlPlane

SEED = 20265
STAGES = 4
RANDOM_KILLS = 2  # on each stage
LEAST_KILLS = 50
LIST_LAG = 1.0
PATIENT = {"SEND_DEADLINE": "3"}  # several stages on a small machine: from an intent to its request it can take a while


class Range:
    """A stage and its shots."""

    def __init__(self, stage: Stage, shots: list[Shot], chance: random.Random) -> None:
        self.stage, self.shots, self._chance = stage, shots, chance
        self.lives = {shot: Life(stage, shot.name) for shot in shots}
        self.hits: list[str] = []

    def run(self) -> None:
        """All shots, the random kills, and what is true in the end."""
        operator = self.stage.operator(**PATIENT)
        self._prepare()
        for shot in self.shots:
            if shot.point is not None:
                operator = self._shoot(operator, shot, shot.point)
        for _ in range(RANDOM_KILLS):
            operator = self._at_random(operator)
        for shot in self.shots:
            self._judge(shot)
        self._judge_all()

    def _prepare(self) -> None:
        """Every cluster as it is before its change.

        Until then nothing lags: who is bought for while an earlier life's cluster cannot be seen gets another one.
        """
        self.stage.cloud.ask("PATCH", "/settings", {"list_lag": 0.0})
        for shot, life in self.lives.items():
            self._make(shot, life)
        for shot, life in self.lives.items():
            if shot.course.made == "created":
                life.expected = str(life.settled(shot.course.begins_with)["hpc_cluster_id"])
            elif shot.course.made == "earlier":
                life.says("OwnedElsewhere")
        stopped = [life for shot, life in self.lives.items() if shot.course.before.get("power") == "Stopped"]
        for life in stopped:
            spec(life, {"power": "Stopped"})
        for life in stopped:
            life.settled(ONE, "stopped", "Stopped")
        self.stage.cloud.ask("PATCH", "/settings", {"list_lag": LIST_LAG})

    def _make(self, shot: Shot, life: Life) -> None:
        kind = shot.course.made
        if kind != "created":
            earlier = stem("stage", Ref(self.stage.namespace, life.name, "of-an-earlier-life"))
            name = f"{life.name[:14]}-{earlier}-1" if kind == "earlier" else f"{life.name}-by-hand"
            made = {"cluster_type": "ehpc", "name": name, "status": "active"}
            life.expected = self.stage.cloud.ask("POST", "/clusters", made)["cluster_id"]
        if kind != "by hand":
            self.stage.kube.create(ehpc(life.name, **{**shot.course.before, "power": "Running"}))

    def _shoot(self, operator: Operator, shot: Shot, point: Point) -> Operator:
        life = self.lives[shot]
        proxy = self.stage.to_cloud if point is call else self.stage.to_kube
        hold = proxy.hold(lambda seen: self._mine(seen, life) and point(seen), shot.when)
        shot.course.fire(life)
        try:
            hold.wait(60)
        except AssertionError as error:
            raise AssertionError(f"{shot.name}: {error}; status: {life.status}") from None
        operator.kill()
        hold.drop()
        self.hits.append(f"{shot.course.name}: {shot.when} {point.__name__}")
        return self.stage.after_kill(**PATIENT)

    def _mine(self, seen: Seen, life: Life) -> bool:
        name = life.name
        if "/cluster/" in seen.path:
            return life.expected in json.dumps(seen.body)
        places = (f"/hpcclusters/{name}", f"/hpcclusters/{name}/status", f"/secrets/{name}-admin")
        return seen.path.endswith(places)

    def _at_random(self, operator: Operator) -> Operator:
        """After so many more requests to the cloud or writes to Kubernetes; the first time the changes begin."""
        if not any("random" in hit for hit in self.hits):
            for shot, life in self.lives.items():
                if shot.point is None:
                    shot.course.fire(life)
        log = self._chance.choice([self.stage.to_cloud.log, self.stage.to_kube.log])
        target = len(log) + self._chance.randint(1, 25)
        until(f"{target} requests", lambda: len(log) >= target, pause=0.01)
        operator.kill()
        opened = [resource["status"].get("operation", {}).get("action") for resource in self.stage.kube.clusters()]
        self.hits.append(f"random: {sum(map(bool, opened))} open")
        return self.stage.after_kill(**PATIENT)

    def _judge(self, shot: Shot) -> None:
        life, course = self.lives[shot], shot.course
        before = life.expected
        if course.ends == "settled":
            reason = "Stopped" if course.status == "stopped" else "Ready"
            status = life.settled(course.sizes, course.status, reason)
            assert status["hpc_cluster_id"] == before, f"{shot.name}: another cluster"
            assert "operation" not in status
        else:
            self.stage.wait_gone(life.name)
        clusters = {each["cluster_id"] for each in self.stage.cloud.clusters()}
        assert (before in clusters) is (course.ends != "deleted"), shot.name
        effects = {name: done for name, (_, done) in life.counts(before).items() if done and name != "modifyCluster"}
        assert effects == course.effects, f"{shot.name}: {life.counts(before)}"
        if course.ends == "left":
            kept = self.stage.kube.secret(f"{life.name}-admin")
            assert kept is not None, shot.name
            assert not kept["metadata"].get("ownerReferences"), shot.name
            assert kept["metadata"]["labels"]["hpc.qingcloud.com/retained"] == before

    def _judge_all(self) -> None:
        """Nothing was bought twice, nothing is open, nothing is written any more."""
        clusters = {each["cluster_id"] for each in self.stage.cloud.clusters()}
        wanted = {life.expected for shot, life in self.lives.items() if shot.course.ends != "deleted"}
        assert clusters == wanted
        created = sum(shot.course.made == "created" for shot in self.shots)
        assert self.stage.cloud.count("createCluster") == (created, created)
        assert [each["metadata"]["name"] for each in self.stage.kube.clusters() if "operation" in each["status"]] == []
        for shot, life in self.lives.items():
            if shot.course is RENAME:
                assert life.status["cluster_name"].startswith("other-"), shot.name
        Life(self.stage, "any").waits(12)  # nodes are counted once more when what ended last must show
        settle = len(self.stage.to_kube.log)
        Life(self.stage, "any").waits(4)
        assert self.stage.to_kube.writes(since=settle) == []


def test_whatever_is_killed_the_end_is_the_same(
    control_plane: ControlPlane, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)
    every = [Shot(course, point, when) for course in COURSES for point, when in course.points]
    chance.shuffle(every)

    def on_stage(number: int) -> list[str]:
        namespace, folder = f"kills-changes-{number}", tmp_path / str(number)
        folder.mkdir()
        control_plane.kubectl("create", "namespace", namespace)
        shots = [*every[number::STAGES], *map(Shot, AT_RANDOM)]
        with Stage(control_plane, namespace, folder, crd=False, keep=False, list_lag=LIST_LAG, log_lag=1.5) as stage:
            made = Range(stage, shots, random.Random(SEED + number))
            made.run()
            return made.hits

    began = time.monotonic()
    control_plane.kubectl("apply", "--server-side", "-f", str(CRD))
    until_served(control_plane)
    with ThreadPoolExecutor(STAGES) as pool:
        hits = [hit for stage_hits in pool.map(on_stage, range(STAGES)) for hit in stage_hits]
    tell(f"{len(hits)} kills in {time.monotonic() - began:.0f} s, {len(every)} of them at named points")
    for course in (*COURSES, None):
        name = course.name if course is not None else "random"
        mine = Counter(hit.split(": ")[1] for hit in hits if hit.startswith(f"{name}: "))
        tell(f"  {name}: " + ", ".join(f"{where}{f' x{count}' if count > 1 else ''}" for where, count in mine.items()))
    assert len(hits) == len(every) + STAGES * RANDOM_KILLS
    assert len(hits) >= LEAST_KILLS
