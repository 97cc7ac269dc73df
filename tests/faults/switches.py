"""What stands in a safeguard's place when it is off, and how it is put there. Run as a script: every guard off once.

Prints JSON: for each guard in the order of the list, the exit status of its test without it and what that said. Each
runs in a process of its own, forked from one that has imported what all need. Only test_guards imports this.
"""

import contextlib
import io
import json
import multiprocessing
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Guard:
    """One entry of guards.toml."""

    name: str
    switch: str
    off: str
    test: str


def listed() -> list[Guard]:
    """The list."""
    text = (ROOT / "tests" / "guards.toml").read_text(encoding="utf-8")
    return [Guard(**entry) for entry in tomllib.loads(text)["guard"]]


def switched_off(guard: Guard) -> None:
    """Put the replacement where the guard stands."""
    module, _, path = guard.switch.partition(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    guarded = getattr(owner, name)
    made = globals()[guard.off]
    put = made(guarded) if getattr(made, "wraps", False) else made
    for each in [owner, *(found for found in list(sys.modules.values()) if vars(found).get(name) is guarded)]:
        setattr(each, name, put)  # also where it was imported to by its name


def wrapping(made: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a maker of replacements that needs what it replaces."""
    made.wraps = True  # type: ignore[attr-defined]
    return made


def always(*_: Any, **__: Any) -> bool:
    """Instead of a claim: true."""
    return True


def never(*_: Any, **__: Any) -> bool:
    """Instead of a claim: false."""
    return False


one = 1


def zero(*_: Any) -> float:
    """Instead of an instant: the beginning of time."""
    return 0.0


def nothing(*_: Any) -> tuple[()]:
    """Instead of findings: none."""
    return ()


def no_answer(*_: Any) -> None:
    """Instead of a question: it has no answer."""


@wrapping
def no_record(_: Any) -> Callable[..., None]:
    """The annotation is left out, and nobody misses it."""
    import_module("hpc_operator.decide.planner")._record_current = lambda _: None
    return lambda _: None


def free(*_: Any) -> Any:
    """Instead of one at a time."""
    return import_module("hpc_operator.decide.facts").FirstCreate.FREE


async def no_intent(buyer: Any, resource: Any, _: Any) -> Any:
    """Nothing is written before the request."""
    if resource.record is not None:
        buyer.unsent.discard(resource.record.nonce)
    return resource


async def intent_over_whatever_is_there(buyer: Any, resource: Any, intent: Any) -> Any:
    """The intent is written on a fresh read, whatever that says."""
    conflict = import_module("hpc_operator.reconcile.ports").Conflict
    while True:
        try:
            return await buyer._store.write_intent(resource, intent)
        except conflict:
            resource = await buyer._store.read(resource.ref)


async def intent_unchecked(store: Any, resource: Any, intent: Any) -> Any:
    """The answer to the intent is believed unread."""
    encoded = import_module("hpc_operator.kube.resources").encode_intent(intent)
    return store._keep(await store._patch(resource, {"status": {"operation": encoded}}, status=True))


def _window(left_out: str) -> property:
    summands = {"send_deadline", "request_lifetime", "clock_skew", "visibility_lag"}
    return property(lambda policy: sum(getattr(policy, name) for name in summands - {left_out}))


window_without_send_deadline = _window("send_deadline")
window_without_request_lifetime = _window("request_lifetime")
window_without_clock_skew = _window("clock_skew")
window_without_visibility_lag = _window("visibility_lag")


@wrapping
def log_range_from_started_at(guarded: Callable[..., tuple[float, float]]) -> Callable[..., tuple[float, float]]:
    """The own clock is taken for the cloud's."""
    return lambda intent, policy: (intent.started_at, guarded(intent, policy)[1])


@wrapping
def log_range_open_above(guarded: Callable[..., tuple[float, float]]) -> Callable[..., tuple[float, float]]:
    """Everything since counts."""
    return lambda intent, policy: (guarded(intent, policy)[0], float("inf"))


def any_other_name(cluster: Any, stem: str) -> bool:
    """A name that is not ours explains an entry."""
    return not import_module("hpc_operator.decide.guards").bears(cluster, stem)


def any_open_operation(fresh: Any, _: Any) -> bool:
    """Whatever is open is closed."""
    return fresh.memory.operation is not None


def answer_over_everything(memory: Any, _: Any, answer: Any, __: Any) -> Any:
    """An answer is written wherever it lands."""
    return replace(memory, hpc_cluster_id=answer.cluster_id, job_id=answer.job_id, operation=None)


def release_when_absent(scene: Any, cluster_id: str) -> Any:
    """A cluster that is not there needs no deleteCluster."""
    deleting = import_module("hpc_operator.decide.deleting")
    intent = scene.resource.memory.operation
    if deleting.absence(scene, cluster_id) is None:
        return deleting.Act(deleting.Release())
    return (
        deleting.after_answer(scene, cluster_id, intent)
        if intent and intent.answered
        else deleting.absence(scene, cluster_id)
    )


def release_when_answered(scene: Any, cluster_id: str, intent: Any) -> Any:
    """An answered delete is a done one."""
    return import_module("hpc_operator.decide.deleting")._released(scene, cluster_id, intent)


def only_those_still_there(cache: Any) -> list[float]:
    """Who went is forgotten."""
    return sorted(cache.terminating())


def asked_as_long_as_it_stands(resource: Any, cluster_id: str) -> bool:
    """An order is new at every look."""
    return bool(resource.orders.take_over == cluster_id)


def delete_at_once(scene: Any, cluster_id: str, _: Any) -> Any:
    """A change that is open is no reason to wait."""
    return import_module("hpc_operator.decide.deleting").before_answer(scene, cluster_id, None)


def newest_count(scene: Any, cluster_id: str, since: float) -> Any:
    """One look is enough."""
    modules = import_module("hpc_operator.decide.counting"), import_module("hpc_operator.decide.guards")
    counting, guards = modules
    looks = [look for look in scene.facts.nodes if guards.nodes_speak(look, since)]
    fresh = looks and looks[0].begun >= scene.now - scene.policy.staleness
    return looks[0] if fresh else counting.count(scene, cluster_id)


def countable_from_the_window(resource: Any, policy: Any) -> Any:
    """A look from before the last close counts too."""
    return import_module("hpc_operator.decide.guards").absence_threshold(resource, policy)


def all_of_them(nodes: Any, surplus: int) -> tuple[str, ...]:
    """As many as are asked for."""
    return tuple(node.id for node in nodes[: max(0, surplus)])


def closed_when_it_shows(scene: Any, intent: Any, line: Any, shows: float, job: Any) -> Any:
    """New nodes are there: it is done."""
    following = import_module("hpc_operator.decide.following")
    return following._without_effect(scene, intent, job) if scene.facts.nodes else following._progress(scene, line)


def void_without_an_answer(scene: Any, intent: Any, _: Any) -> Any:
    """No answer, no effect."""
    following = import_module("hpc_operator.decide.following")
    return following._close(scene, intent, following.Outcome.VOID, "")


def nothing_is_open(scene: Any, _: Any, line: Any) -> Any:
    """What is open does not hold back what else is wished."""
    return import_module("hpc_operator.decide.living")._by_status(scene, line)


def newer_memory_forgotten(_: Any) -> Any:
    """Of what a newer version wrote not even the cluster is read."""
    return import_module("hpc_operator.domain.record").Memory(newer=True)


_IMPORTED = (
    "pytest", "_hypothesis_pytestplugin", "anyio.pytest_plugin", "pytest_asyncio.plugin", "xdist.plugin", "hypothesis",
    "faults.harness.life", "faults.courses",
)  # fmt: skip
"""What the tests need, and what pytest does: importing it takes longer than most of the tests."""


def red(guard: Guard) -> tuple[int, str]:
    """Run the test of a guard that is off, for good: in a process that nothing else runs in."""
    pytest, said = import_module("pytest"), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        switched_off(guard)
        test = str(ROOT / guard.test)
        status = pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--tb=short", "--no-header", test])
    return int(status), said.getvalue()[-3000:]


def main(at_once: int) -> None:
    """Each guard of the list, so many at once."""
    for module in _IMPORTED:
        import_module(module)
    with multiprocessing.get_context("fork").Pool(at_once, maxtasksperchild=1) as pool:
        json.dump(pool.map(red, listed(), chunksize=1), sys.stdout)


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / each) for each in ("operator", "tests", "tests/unit/decide")]
    main(int(sys.argv[1]))
