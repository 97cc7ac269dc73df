"""Two replicas: struck at random moments of many creations, and replaced one by one as a rolling update does it."""

from itertools import pairwise

from stage import Stage, until
from stage.blows import BLOWS, LEASE, creating
from stage.replicas import Replicas
from stage.terms import Term

from chaos.acts import PATIENCE, apply, ends, ready
from chaos.arena import Arena
from chaos.scenarios import scenario

SEEDS = (1, 2, 3)
CREATIONS = 100
OF_EACH = 3
FOUR = tuple(f"four-{number}" for number in range(4))
REPLACED = 6


@scenario(
    "replicas",
    f"two replicas, 100 creations, the leader struck {len(BLOWS) * OF_EACH} times at random moments (SIGKILL, SIGTERM, SIGSTOP, "
    f"black hole), with {len(SEEDS)} seeds: never do both act",
    creates=CREATIONS * len(SEEDS),
    lost=30,
    ends={"Ready": CREATIONS * len(SEEDS)},
)
def replicas(arena: Arena) -> None:
    for seed in SEEDS:
        stage = arena.stage(list_lag=1.0, log_lag=1.5)
        with Replicas(stage, LEASE_DURATION=LEASE) as pair:
            struck = creating(stage, pair, seed, [f"one-of-{number:03}" for number in range(CREATIONS)], OF_EACH)
            assert not (found := pair.two_at_once()), found
            effects = sum(bool(call["effect"]) for call in stage.cloud.calls())
            arena.note(
                f"seed {seed}: {len(struck)} blows, {len(pair.terms.terms)} terms of the Lease, {effects} changing calls, "
                "none beside another process"
            )


@scenario(
    "rolling-update",
    f"two replicas, the Lease as by default: {REPLACED} times a new one stands by and the leader gets SIGTERM; no Lease runs out",
    creates=len(FOUR),
    ends={"Ready": len(FOUR)},
)
def rolling_update(arena: Arena) -> None:
    stage = arena.stage()
    with Replicas(stage, LEASE_DURATION="30") as pair:
        apply(stage, *FOUR)
        ready(stage, *FOUR)
        asked = [_replaced(stage, pair) for _ in range(REPLACED)]
        terms = tuple(pair.terms.terms)
        assert [term.number for term in terms] == list(range(REPLACED + 1))
        assert all(term.released for term in terms[:-1]), "a Lease ran out"
        assert not (found := pair.two_at_once()), found
        _measured(arena, stage, terms[1:], asked)


def _replaced(stage: Stage, pair: Replicas) -> float:
    """One process more, then the leader is asked to end; when."""
    old, new = pair.leader(), pair.add()
    until("the new one stands by", lambda: "standby" in new.process.probe("/readyz")[1], PATIENCE)
    asked = pair.terminate(old)
    leads = pair.leader(but=old)
    until("it has looked", lambda: _looks(stage, leads.process.pid))
    ends(old.process, 0)
    return asked


def _looks(stage: Stage, pid: int | None = None) -> list[float]:
    """When lists were asked for, by one process or by all."""
    return [call["time"] for call in stage.cloud.calls("list") if pid is None or call["via"] == f"1.1 {pid}"]


def _measured(arena: Arena, stage: Stage, terms: tuple[Term, ...], asked: list[float]) -> None:
    held = sorted(term.seen - at for term, at in zip(terms, asked, strict=True))
    looked = sorted(_looks(stage, term.pid)[0] - at for term, at in zip(terms, asked, strict=True))
    longest = max(later - at for at, later in pairwise(at for at in _looks(stage) if at > asked[0]))
    arena.note(
        f"from SIGTERM until another held the Lease {held[0]:.1f} to {held[-1]:.1f} s, until it had looked "
        f"{looked[0]:.1f} to {looked[-1]:.1f} s; the longest time without a look {longest:.1f} s, with looks every second"
    )
