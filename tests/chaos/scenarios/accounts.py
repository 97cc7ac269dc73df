"""More than one account, more than one fleet: nobody touches what is another's."""

from stage import Stage, until
from stage.operators import KEY

from chaos.acts import apply, cut, ends, first, held, ready, unchanged
from chaos.arena import Arena
from chaos.scenarios import scenario

THREE = ("one", "two", "three")
OTHER = {"ACCESS_KEY_ID": "OTHER-ACCESS-KEY", "SECRET_ACCESS_KEY": "other-secret-for-tests-only"}


@scenario(
    "two-fleets",
    "two Kubernetes, one account, the same names, answers lost; then all of one fleet is deleted",
    creates=6,
    deletes=3,
    ends={"Ready": 3},
)
def two_fleets(arena: Arena) -> None:
    one = arena.stage(namespace="shared-name", list_lag=0.5, log_lag=0.5)
    two = arena.stage(arena.own_server(), namespace="shared-name", cloud=one.cloud)
    for nth in (2, 5):
        one.cloud.fault("lost-after", "createCluster", nth=nth)
    one.operator(FLEET="east")
    two.operator(FLEET="west")
    apply(one, *THREE)
    apply(two, *THREE)
    east, west = ready(one, *THREE), ready(two, *THREE)
    assert not set(east.values()) & set(west.values())
    one.kube.kubectl("delete", "hpc", *THREE, "--timeout=180s")
    assert sorted(each["cluster_id"] for each in one.cloud.clusters()) == sorted(west.values())
    unchanged("the other fleet", lambda: ready(two, *THREE), west)


def _settled_and_in_doubt(arena: Arena) -> Stage:
    """Two Ready resources, one of them deleted while nobody runs, and a third whose create nobody answered."""
    stage = arena.stage(list_lag=1.0)
    account = {"key": OTHER["ACCESS_KEY_ID"], "secret": OTHER["SECRET_ACCESS_KEY"]}
    stage.cloud.ask("POST", "/accounts", {**account, "owner": "usr-other", "zone": KEY["ZONE"]})
    operator = stage.operator()
    first(stage)
    apply(stage, "going")
    ready(stage, "going")
    stage.cloud.fault("hold", "createCluster")
    apply(stage, "doubt")
    held(stage)
    operator.kill()
    cut(stage)
    stage.kube.kubectl("delete", "hpc", "going", "--wait=false")
    stage.kube.drop_lease()
    return stage


def _nothing_changes(stage: Stage) -> None:
    """Looks go on for a while, and no call changes anything."""
    last = stage.cloud.last_call()
    until("more looks", lambda: len(stage.cloud.calls(since=last)) > 4)
    unchanged("createCluster", lambda: stage.cloud.count("createCluster"), (3, 3))
    unchanged("deleteCluster", lambda: stage.cloud.count("deleteCluster"), (0, 0))


@scenario(
    "account-changed",
    "restarted with another account's key and owner: settled, deleted and in doubt; nothing is called",
    creates=3,
    ends={"AccountChanged": 3},
)
def account_changed(arena: Arena) -> None:
    stage = _settled_and_in_doubt(arena)
    before = stage.cloud.last_call()
    stage.operator(**OTHER, OWNER="usr-other")
    for name in ("first", "going", "doubt"):
        stage.wait_reason(name, "AccountChanged")
    assert stage.cloud.calls(since=before) == []


@scenario(
    "account-unproven",
    "restarted with a key that sees another account under the same owner: nothing is voided, released or created",
    creates=3,
    ends={"AccountUnproven": 3},
)
def account_unproven(arena: Arena) -> None:
    stage = _settled_and_in_doubt(arena)
    stage.operator(**OTHER)
    for name in ("first", "going", "doubt"):
        stage.wait_reason(name, "AccountUnproven")
    _nothing_changes(stage)


@scenario(
    "account-back",
    "the same, then the earlier key again: the create is found, the deletion ends",
    creates=3,
    deletes=1,
    ends={"Ready": 2},
)
def account_back(arena: Arena) -> None:
    stage = _settled_and_in_doubt(arena)
    operator = stage.operator(**OTHER)
    stage.wait_reason("doubt", "AccountUnproven")
    operator.terminate()
    ends(operator, 0)
    stage.operator()
    ready(stage, "first", "doubt")
    stage.wait_gone("going")
