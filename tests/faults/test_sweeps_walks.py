"""Seeded walks in a small account that others share: few calls an hour, a crowd of clusters, restarts."""

import random  # noqa: TID251 - seeded: the accounts are drawn with it

import pytest

from faults.harness import walks
from faults.harness.walks import Outcome, Walk
from faults.harness.world import World, run

PATIENCE = 40_000.0
"""What a minute brings elsewhere, takes hours on 48 calls."""


def play(seed: int, quota: int, crowd: int, refuses: int = 100_000) -> Outcome:
    """The walk of a seed. `refuses`: calls in an hour after which the service itself refuses."""
    made = walks.walk(seed)
    outcome = Outcome(made, [])

    async def scenario(world: World) -> None:
        for number in range(crowd):
            world.people.buy(f"theirs-{number}", status="active")
        await walks._Play(world, made, outcome).play()

    run(scenario, seed=str(seed), policy=made.policy, quota=quota, call_quota=refuses, **made.cloud)
    return outcome


def _alone(seed: int) -> Walk | None:
    made = walks.walk(seed)
    return made if made.leaders == 1 else None


@pytest.mark.parametrize(
    ("seed", "quota", "crowd", "refuses"),
    [(3177, 60, 250, 100_000), (3578, 60, 150, 60), (4223, 100, 150, 100), (4626, 100, 0, 100), (3659, 400, 150, 400)],
)
def test_walks_that_once_waited_for_ever(
    seed: int, quota: int, crowd: int, refuses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walks, "LIMIT", PATIENCE)
    outcome = play(seed, quota, crowd, refuses)
    assert outcome.findings == [], f"{outcome.walk} faults {outcome.faults} answers {outcome.answers}"


def test_walks_in_small_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "LIMIT", PATIENCE)
    failed = []
    for seed in filter(_alone, range(40)):
        chance = random.Random(f"small/{seed}")
        quota, crowd = chance.choice([60, 100, 200]), chance.choice([100, 150, 250])
        outcome = play(seed, quota, crowd, chance.choice([quota, 100_000]))
        failed += [f"{outcome.walk} quota {quota} crowd {crowd}: {finding}" for finding in outcome.findings]
    assert failed == []
