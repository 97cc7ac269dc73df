"""Clusters without a resource: each row is one line of a list, and where it belongs."""

from collections import Counter
from collections.abc import Iterable

import pytest
from decide_scenes import (
    EARLIER,
    EARLIER_STEM,
    FLEET,
    FOREIGN_STEM,
    ID,
    NOW,
    OLD,
    OTHER,
    OTHER_STEM,
    REF,
    SECOND,
    STEM,
    WINDOW,
    ago,
    cluster,
    create_intent,
    in_doubt,
    known_memory,
    living,
    look,
    named,
    record,
    resource,
)
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.decide.orphans import Sorted, What, known, sort
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import stem
from hpc_operator.domain.observed import Cluster, ListLook
from hpc_operator.domain.record import Memory, Resource

NOBODY_STEM = stem(FLEET, Ref("lab", "never-heard-of", "uid-9"))
PLACES = ("kept", "orphans", "young", "duplicates", "foreign", "unmarked")


def sorted_out(resources: Iterable[Resource], *clusters: Cluster, age: float = 0.0) -> Sorted:
    return sort(look(age, *clusters), known(resources, FLEET), WINDOW)


def places(found: Sorted) -> dict[str, int]:
    return {place: n for place in PLACES if (n := len(getattr(found, place)))}


ROWS: list[tuple[str, list[Resource], list[Cluster], dict[str, int]]] = [
    ("a resource's own cluster is no orphan", [living()], [cluster(ID, named(STEM))], {"kept": 1}),
    ("a mark nobody bears is one", [living()], [cluster(SECOND, named(NOBODY_STEM))], {"orphans": 1}),
    ("so is an earlier life's", [living()], [cluster(SECOND, named(EARLIER_STEM))], {"orphans": 1}),
    ("without any resource every mark of ours is one", [], [cluster(ID, named(STEM))], {"orphans": 1}),
    ("another fleet's is not ours to tell", [living()], [cluster(SECOND, named(FOREIGN_STEM))], {"foreign": 1}),
    ("a cluster made by hand bears no mark", [], [cluster(SECOND, "by-hand"), cluster(ID)], {"unmarked": 2}),
    (
        "an adopted one bears an old mark until it is described: whoever records it has it",
        [living(hpc_cluster_id=SECOND)],
        [cluster(SECOND, named(EARLIER_STEM))],
        {"kept": 1},
    ),
    ("an unmarked one that is recorded is not counted apart", [living()], [cluster(ID, "renamed")], {"kept": 1}),
    ("the mark may stand in the description", [], [cluster(ID, "x", description=named(STEM))], {"orphans": 1}),
    (
        "an open create has a resource, whatever was answered",
        [in_doubt(30.0)],
        [cluster(ID, named(STEM))],
        {"kept": 1},
    ),
    (
        "the recorded string counts, also where the setting `fleet` is another today",
        [resource(memory=Memory(operation=create_intent(mark="aaaaabbbbbccccc")))],
        [cluster(ID, named("aaaaabbbbbccccc"))],
        {"kept": 1},
    ),
    (
        "a second bearer of a mark is a duplicate",
        [living()],
        [cluster(ID, named(STEM)), cluster(SECOND, named(STEM, 2))],
        {"kept": 1, "duplicates": 1},
    ),
    (
        "two bearers and no record: one of them is too many",
        [in_doubt(OLD)],
        [cluster(ID, named(STEM)), cluster(SECOND, named(STEM))],
        {"kept": 1, "duplicates": 1},
    ),
    (
        "a cluster answered late is a duplicate, though it shows no mark",
        [living(strays=(SECOND,))],
        [cluster(ID, named(STEM)), cluster(SECOND, "unnamed")],
        {"kept": 1, "duplicates": 1},
    ),
    (
        "one with the mark of a resource that another one records is that one's",
        [living(), resource(ref=OTHER, record=record(mark=OTHER_STEM, id=SECOND))],
        [cluster(ID, named(STEM)), cluster(SECOND, named(STEM))],
        {"kept": 2},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "resources", "clusters", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_every_line_has_its_place(
    reason: str, resources: list[Resource], clusters: list[Cluster], expected: dict[str, int]
) -> None:
    assert places(sorted_out(resources, *clusters)) == expected, reason


def test_what_it_is_can_be_told_where_the_name_is_in_use() -> None:
    found = sorted_out([living()], cluster("ehpc-a", named(EARLIER_STEM)), cluster("ehpc-b", named(NOBODY_STEM)))
    gone, unknown = found.orphans
    assert (gone.what, gone.namesake, gone.mark.stem) == (What.RESOURCE_GONE, REF, EARLIER_STEM)
    assert (unknown.what, unknown.namesake, unknown.mark.stem) == (What.UNKNOWN_OBJECT, None, NOBODY_STEM)


def test_a_duplicate_names_its_resource_and_what_that_records() -> None:
    found = sorted_out([living()], cluster(ID, named(STEM)), cluster(SECOND, named(STEM))).duplicates[0]
    assert (found.cluster.id, found.ref, found.recorded) == (SECOND, REF, ID)


@pytest.mark.parametrize(
    ("age", "place"),
    [(WINDOW - 1, "young"), (WINDOW, "orphans"), (WINDOW + 1, "orphans")],
)
def test_a_new_one_may_still_be_somebodys(age: float, place: str) -> None:
    """Its answer is not written yet, or it is the last request of a resource that was forced away."""
    young = cluster(SECOND, named(NOBODY_STEM), created_at=ago(age))
    assert places(sorted_out([], young)) == {place: 1}


def test_the_age_is_counted_to_the_look_and_not_to_now() -> None:
    """An old look shows what was true then: the resource of a cluster that was new in it may have been written since."""
    made = cluster(SECOND, named(NOBODY_STEM), created_at=ago(WINDOW + 100))
    assert places(sorted_out([], made, age=200)) == {"young": 1}


def test_one_that_does_not_say_when_it_was_created_is_an_orphan() -> None:
    assert places(sorted_out([], cluster(SECOND, named(NOBODY_STEM), created_at=None))) == {"orphans": 1}


REFS = (REF, EARLIER, OTHER)
LINES = st.lists(
    st.builds(
        lambda number, mark, hand, age: cluster(
            f"ehpc-{number}", named(mark) if mark else "hand", description=hand, created_at=ago(age)
        ),
        st.integers(0, 5),
        st.sampled_from((STEM, EARLIER_STEM, OTHER_STEM, FOREIGN_STEM, NOBODY_STEM, "")),
        st.sampled_from((None, "by hand", named(STEM))),
        st.floats(0, 2 * WINDOW),
    ),
    unique_by=lambda line: line.id,
    max_size=6,
)
RESOURCES = st.lists(
    st.builds(
        lambda ref, recorded, strays: resource(ref=ref, memory=known_memory(hpc_cluster_id=recorded, strays=strays)),
        st.sampled_from(REFS),
        st.sampled_from((None, "ehpc-0", "ehpc-1")),
        st.sampled_from(((), ("ehpc-2",), ("ehpc-0", "ehpc-3"))),
    ),
    unique_by=lambda each: each.ref,
    max_size=3,
)


@given(LINES, RESOURCES)
def test_no_line_is_lost_or_told_twice(lines: list[Cluster], resources: list[Resource]) -> None:
    found = sort(ListLook(NOW, True, "key", tuple(lines)), known(resources, FLEET), WINDOW)
    told = [getattr(each, "cluster", each).id for place in PLACES for each in getattr(found, place)]
    assert Counter(told) == Counter(line.id for line in lines)


@given(LINES, RESOURCES)
def test_what_a_resource_records_or_marks_is_never_an_orphan(lines: list[Cluster], resources: list[Resource]) -> None:
    found = sort(ListLook(NOW, True, "key", tuple(lines)), known(resources, FLEET), WINDOW)
    stems = {stem(FLEET, each.ref) for each in resources} | {STEM for each in resources if each.memory.mark}
    recorded = {each.id for each in resources}
    for orphan in (*found.orphans, *found.young):
        assert orphan.cluster.id not in recorded
        assert not any(text_stem in text for text in orphan.cluster.texts for text_stem in stems)
