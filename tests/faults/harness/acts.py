"""What people do in the middle of a walk, by name. Each act is done to what is there; what cannot be done is left."""

import random  # noqa: TID251 - seeded by the walk
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from faults.harness.advice import OTHER_KEY, Person, other_key
from hpc_operator.kube.codec import parse_resource

if TYPE_CHECKING:
    from faults.harness.world import World


@dataclass(frozen=True, slots=True)
class Act:
    """One act."""

    name: str
    do: "Callable[[World, Person, random.Random], None]"


def _here(world: "World") -> bool:
    return world.kube.get("demo") is not None


def _edit(world: "World", _: "Person", chance: random.Random) -> None:
    if _here(world):
        world.people.edit(
            description=chance.choice(["first", "second", None]), createTimeout=chance.choice(["50m", "70m"])
        )


def _replace(world: "World", _: "Person", __: random.Random) -> None:
    if _here(world):
        world.people.replace()


def _recreate(world: "World", person: "Person", _: random.Random) -> None:
    if _here(world):
        person.forced()
        world.people.recreate()


def _delete_and_apply(world: "World", person: "Person", __: random.Random) -> None:
    """Kubectl delete; the same manifest is applied once the resource is gone."""
    if not _here(world):
        return
    life = world.ref()
    world.people.delete()
    person.busy += 1

    def again() -> None:
        if _here(world) and world.ref() == life:
            world.loop.call_later(5.0, again)
            return
        person.busy -= 1
        if not _here(world):
            world.people.apply(spec={"deletionPolicy": "Delete"})

    again()


def _wipe(world: "World", _: "Person", __: random.Random) -> None:
    if _here(world):
        world.people.wipe_status()


def _restore(world: "World", person: "Person", _: random.Random) -> None:
    if _here(world):
        person.forced()
        world.people.restore(world.people.backup())


def _copy(world: "World", _: "Person", __: random.Random) -> None:
    if _here(world) and world.kube.get("copy") is None:
        world.people.copy("demo", "copy")


def _rename(world: "World", person: "Person", chance: random.Random) -> None:
    if world.alive():
        chosen = chance.choice(world.alive())
        person.renamed.add(chosen)
        world.people.rename(chosen, "chemistry")


def _destroy(world: "World", _: "Person", chance: random.Random) -> None:
    if world.alive():
        world.people.destroy(chance.choice(world.alive()))


def _switch(world: "World", _: "Person", __: random.Random) -> None:
    """Until the next act; not where something would be bought in the other account, as the person then wishes."""
    if all(parse_resource(raw).account is not None for raw in world.kube.objects.values()):
        world.people.switch_key(OTHER_KEY)


def _switch_quietly(world: "World", _: "Person", __: random.Random) -> None:
    """Another account's key while the settings go on naming the owner: it simply sees nothing."""
    world.cloud.add_account(OTHER_KEY)
    world.key = other_key()


def _buy(world: "World", _: "Person", __: random.Random) -> None:
    world.people.buy()


def _crash(world: "World", _: "Person", chance: random.Random) -> None:
    chance.choice(world.processes).crash()


ACTS = (
    Act("edit", _edit),
    Act("replace", _replace),
    Act("force delete and apply", _recreate),
    Act("delete and apply", _delete_and_apply),
    Act("wipe status", _wipe),
    Act("restore without status", _restore),
    Act("copy to another name", _copy),
    Act("rename at the console", _rename),
    Act("delete at the console", _destroy),
    Act("switch the account", _switch),
    Act("key of another account", _switch_quietly),
    Act("somebody else buys", _buy),
    Act("kill the operator", _crash),
)
