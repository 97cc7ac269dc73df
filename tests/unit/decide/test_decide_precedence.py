"""What a deletion does, in all combinations: the expectation is computed from the written precedence, not from the code.

MassDeletion > deletionProtection > open create > managementPolicy > ownership > deletionPolicy. AccountChanged,
AccountUnproven and ClockSkewed hold everything but Retain without an open create, and so does a missing key.
MassDeletion holds deleteCluster: Retain, Observe and Plan let go as always, and an answered delete is followed.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from decide_scenes import (
    ELSEWHERE,
    FOREIGN_STEM,
    ID,
    OLD,
    STEM,
    WINDOW,
    ago,
    asked,
    cluster,
    create_intent,
    delete_intent,
    deleting,
    entry,
    in_doubt,
    living,
    log,
    look,
    named,
    says_what_ends_it,
    scene,
    shape,
    twice,
    wishing,
)

from hpc_operator.decide.facts import Claim, Scene
from hpc_operator.decide.planner import decide
from hpc_operator.decide.report import report
from hpc_operator.domain.desired import DeletionPolicy, ManagementPolicy, Ref
from hpc_operator.domain.observed import JobStatus
from hpc_operator.domain.reasons import Reason

SEEN = {"first_active_at": ago(OLD / 2), "described": "d", "described_at": ago(OLD / 2)}
TWIN = Claim(ago(3 * OLD), Ref("default", "twin", "uid-twin"))
RUNNING = entry(ID, job="j-delete", status=JobStatus.PENDING)
MASS = "99 are being deleted; annotate, or set Retain."
HOLDS = {
    "AccountChanged": {"wished": ELSEWHERE},
    "AccountUnproven": {},
    "ClockSkewed": {"offset": 40.0},
    "CredentialsMissing": {"wished": None, "key": None, "key_problem": (Reason.CREDENTIALS_MISSING, "no key")},
}
STAGES = {"not asked": None, "unanswered": delete_intent(5), "answered": delete_intent(60, job_id="j-delete")}
STEP = {"not asked": "Act LookById", "unanswered": "Wait DeleteUnanswered", "answered": "Wait Deleting"}


@dataclass(frozen=True)
class Case:
    """One combination."""

    mass: bool
    protected: bool
    create_open: bool
    management: ManagementPolicy
    ownership: str
    policy: DeletionPolicy
    hold: str
    stage: str

    def __str__(self) -> str:
        switches = {"mass": self.mass, "protected": self.protected, "open-create": self.create_open}
        on = [name for name, value in switches.items() if value]
        return "+".join([*on, self.management, self.ownership, self.policy, self.hold, self.stage]).replace(" ", "-")


def _cases() -> Iterator[Case]:
    switch = (False, True)
    every = itertools.product(
        switch, switch, switch, ManagementPolicy, ("ours", "moved", "claimed"), DeletionPolicy, ("no hold", *HOLDS), STAGES
    )  # fmt: skip
    for case in itertools.starmap(Case, every):
        if case.create_open and case.stage != "not asked":
            continue  # a create and a delete are never open together
        if case.ownership == "moved" and case.hold not in ("no hold", "ClockSkewed"):
            continue  # a mark is not seen by who sees nothing
        if case.hold == "AccountUnproven" and case.stage == "answered":
            continue  # the answer came from the account
        yield case


CASES = tuple(_cases())


def _expected(case: Case) -> tuple[str, str]:
    """The decision, and what the release says."""
    watched = case.management is not ManagementPolicy.FULL
    retained = case.policy is DeletionPolicy.RETAIN
    if (held := _first(case, watched=watched, retained=retained)) is not None:
        return held, ""
    if watched:
        return "Act Release", f"managementPolicy is {case.management}"
    if case.ownership != "ours":
        return "Act Release", {"moved": "mark", "claimed": "records"}[case.ownership]
    return ("Act Release", "Retain") if retained else (STEP[case.stage], "")


def _first(case: Case, *, watched: bool, retained: bool) -> str | None:
    """What stands before every policy."""
    if case.mass and not watched and not retained and case.stage != "answered":
        return "Wait MassDeletion"
    if case.protected:
        return "Wait DeletionProtected"
    if case.hold != "no hold" and not (retained and not case.create_open):
        return _held(case, watched=watched)
    return "Wait CreateUnanswered" if case.create_open else None


def _held(case: Case, *, watched: bool) -> str:
    """What is held says by what; where only waiting is due anyway, that is what it says."""
    lets_go = watched or case.ownership != "ours"
    if case.hold == "ClockSkewed" and case.create_open:
        return "Wait CreateUnanswered"
    if case.hold in ("ClockSkewed", "AccountUnproven") and not lets_go and case.stage != "not asked":
        return STEP[case.stage]
    return "Blocked AccountChanged" if case.hold == "AccountChanged" else f"Wait {case.hold}"


def _scene(case: Case) -> Scene:
    desired = wishing(
        deletion_protection=case.protected, management_policy=case.management, deletion_policy=case.policy
    )
    more = dict(HOLDS.get(case.hold, {})) | ({"mass_deletion": MASS} if case.mass else {})
    if case.ownership == "claimed":
        more["claims"] = {ID: (TWIN,)}
    if case.create_open:
        return _in_doubt(case, desired, more)
    held = deleting(living(**SEEN, operation=STAGES[case.stage]), desired=desired)
    if case.hold == "AccountUnproven":
        return scene(held, look(5), look(40), asked=(asked(2),), **more)
    if "wished" in more:
        return scene(held, **more)
    line = cluster(name=named(FOREIGN_STEM if case.ownership == "moved" else STEM))
    return scene(held, look(5, line), log=log(5, RUNNING), **more)


def _in_doubt(case: Case, desired: object, more: dict[str, object]) -> Scene:
    """A bearer of our mark would end the doubt at once: the account shows somebody else's cluster."""
    line = cluster(name=named(FOREIGN_STEM))
    if case.hold == "AccountUnproven":  # nothing can still appear, but it was another key that sent
        held = deleting(in_doubt(intent=create_intent(WINDOW + 100, key="an earlier key")), desired=desired)
        return scene(held, *twice((look(5, line),)), log=log(5), **more)
    looks = () if "wished" in more else (look(5, line),)
    return scene(deleting(in_doubt(10), desired=desired), *looks, **more)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_precedence(case: Case) -> None:
    """What it does, and that every wait says what would end it."""
    made = _scene(case)
    decision = decide(made)
    expected, why = _expected(case)
    assert shape(decision) == expected, decision
    if why:
        assert why in decision.action.why  # type: ignore[union-attr]
        assert decision.action.left == ID  # type: ignore[union-attr]
    says_what_ends_it(made, decision)


def test_all_combinations_are_there() -> None:
    """Two switches of three and more: a dimension that was lost would leave fewer."""
    assert len(CASES) == len(set(CASES)) > 800
    assert {shape(decide(_scene(case))) for case in CASES} >= {"Wait MassDeletion", "Act Release", "Act LookById"}


@pytest.mark.parametrize(
    ("case", "told"),
    [
        (Case(False, False, False, ManagementPolicy.FULL, "ours", DeletionPolicy.DELETE, "CredentialsMissing", "not asked"), True),
        (Case(False, False, True, ManagementPolicy.FULL, "ours", DeletionPolicy.DELETE, "CredentialsMissing", "not asked"), False),
        (Case(False, False, False, ManagementPolicy.FULL, "ours", DeletionPolicy.DELETE, "AccountChanged", "answered"), True),
    ],
    ids=["a cluster once seen", "a create in doubt", "an answered delete"],
)  # fmt: skip
def test_retain_is_told_where_it_is_a_way_out(case: Case, *, told: bool) -> None:
    made = _scene(case)
    (ready,) = (each for each in report(made, decide(made)).conditions if each.type == "Ready")
    assert ("deletionPolicy to Retain" in ready.message) == told
    out = replace(
        made,
        resource=replace(made.resource, desired=replace(made.resource.desired, deletion_policy=DeletionPolicy.RETAIN)),
    )
    assert (shape(decide(out)) == "Act Release") == told
