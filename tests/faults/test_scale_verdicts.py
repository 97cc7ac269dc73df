"""What the rows in virtual time judge with: each judge finds what it is there to find."""

from benchmarks.virtual import Meter, apply, names, played, settle
from benchmarks.virtual_creations import wasted
from benchmarks.virtual_hour import most_within
from benchmarks.virtual_memory import kept, life_of
from benchmarks.virtual_soak import twice
from faults.harness.world import World
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import Mark, marked, stem
from hpc_simulator.log import CallRecord


def _call(call: str, detail: str = "", *, at: float = 0.0, code: int = 0, made: tuple[str, ...] = ()) -> CallRecord:
    return CallRecord(1, at, call, "key", "usr", code, "created" if made else "", made, detail=detail)


def _name(name: str, uid: str) -> str:
    return f"cluster_name={marked(name, Mark(stem('test', Ref('default', name, uid)), 1))}"


def test_a_call_is_wasted_when_refused_repeated_or_about_one() -> None:
    found = wasted(
        [
            _call("createCluster", "cluster_name=a-1"),
            _call("createCluster", "cluster_name=a-1"),
            _call("modifyCluster", "cluster_id=ehpc-1"),
            _call("modifyCluster", "cluster_id=ehpc-2"),
            _call("listNodes", "cluster_id=ehpc-1&limit=100"),
            _call("listNodes", "cluster_id=ehpc-1&limit=100"),
            _call("list", "limit=100&offset=0"),
            _call("list", "limit=100&offset=0"),
            _call("list", "cluster_id=ehpc-1"),
            _call("operation", "resource_ids=ehpc-1"),
            _call("list", "limit=100&offset=0", code=2500),
            _call("deleteCluster", "cluster_ids=['ehpc-1']"),
            _call("permission"),
        ]
    )
    assert list(found) == [
        "createCluster repeated",
        "listNodes repeated",
        "list for one cluster",
        "operation for one cluster",
        "list refused with 2500",
        "deleteCluster",
    ]


def test_two_clusters_of_one_resource_are_twice_only_while_both_bill() -> None:
    first = _call("createCluster", _name("a", "uid-1"), at=10.0, made=("ehpc-1",))
    again = _call("createCluster", _name("a", "uid-2"), at=20.0, made=("ehpc-2",))
    other = _call("createCluster", _name("b", "uid-3"), at=30.0, made=("ehpc-3",))
    assert list(twice([first, again, other], {"ehpc-1": 15.0})) == []
    assert list(twice([first, again, other], {"ehpc-1": 25.0})) == ["ehpc-2 beside ['ehpc-1']"]
    assert list(twice([first, again, other], {})) == ["ehpc-2 beside ['ehpc-1']"]


def test_the_busiest_window_is_found() -> None:
    assert most_within([0.0, 1.0, 2.0, 10.0, 11.0, 11.5, 11.9], 2.0) == 4
    assert most_within([0.0, 2.0], 2.0) == 1, "a window is open at its end"
    assert most_within([], 2.0) == 0


def test_what_a_process_keeps_grows_with_its_resources_and_with_what_it_holds() -> None:
    async def scenario(world: World) -> tuple[int, int, int]:
        world.process()
        few, more = names("few", 3), names("more", 3)
        apply(world, few)
        await settle(world, few, 900)
        meter, small = Meter(world), kept(life_of(world))
        apply(world, more)
        await settle(world, more, 900)
        assert meter.span().calls["createCluster"] == 3
        life = life_of(world)
        large = kept(life)
        life.ballast = bytearray(100_000)
        return small, large, kept(life)

    small, large, loaded = played(scenario, create_seconds=20.0).result
    assert 3 * 5_000 < large - small < 3 * 50_000
    assert 100_000 <= loaded - large < 101_000
